#!/bin/bash
# Source files of at most 400 lines; no committed file above 10 MB, no model above 20, and all together at most 40.
set -u
bad=0 seen=0
while IFS= read -r -d '' file; do
  lines=$(wc -l <"$file")
  seen=$((seen + 1))
  if [ "$lines" -gt 400 ]; then
    echo "$file: $lines lines, more than 400"; bad=1
  fi
done < <(find src include tests cmake -type f \( -name '*.cpp' -o -name '*.h' -o -name '*.hpp' -o -name '*.inl' -o -name '*.sh' -o -name '*.cmake' -o -name '*.txt' \
           -o -name '*.py' \) -not -path '*/data/*' -print0)
[ $seen -gt 50 ] || { echo "only $seen files found: this check is broken"; exit 1; }
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  total=0
  while IFS= read -r -d '' file; do
    [ -f "$file" ] || continue
    size=$(stat -c %s -- "$file")
    total=$((total + size))
    case $file in models/*) most=20 ;; *) most=10 ;; esac
    if [ "$size" -gt $((most * 1000000)) ]; then
      echo "$file: $size bytes, more than $most MB"; bad=1
    fi
  done < <(git ls-files -z)
  if [ $total -gt 40000000 ]; then
    echo "all committed files: $total bytes, more than 40 MB"; bad=1
  fi
else
  echo "not a git checkout: sizes of committed files not checked"
fi
echo "$seen source files checked"
exit $bad
