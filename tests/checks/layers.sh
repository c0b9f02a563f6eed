#!/bin/bash
# Every #include "x/..." in src against the table in cmake/layers.cmake.
set -u
declare -A allowed
while IFS=$'\t' read -r module list; do
  allowed[$module]=" ${list//;/ } "
done < <(sed -nE 's/^set\(KOAN_LAYER_([a-z]+) "([a-z;]*)"\)$/\1\t\2/p' cmake/layers.cmake)
[ ${#allowed[@]} -ge 5 ] || { echo "cmake/layers.cmake: no table found"; exit 1; }

bad=0 seen=0
while IFS=: read -r file line text; do
  module=${file#src/}; module=${module%%/*}
  target=${text#*\"}; target=${target%%\"*}
  first=${target%%/*}
  seen=$((seen + 1))
  if [ -z "${allowed[$module]+x}" ]; then
    echo "$file: module $module is not in cmake/layers.cmake"; bad=1
  elif [ "$first" = "$target" ]; then
    echo "$file:$line: \"$target\" names no module"; bad=1
  elif [ "$first" = koan ]; then
    # The public headers: implemented by codec, used by cli.
    case $file in src/codec/* | src/chat/* | src/cli/* | src/base/c_fence.h) ;; *) echo "$file:$line: only what implements or uses the C interface includes koan/"; bad=1 ;; esac
  elif [ "$first" != "$module" ] && [[ ${allowed[$module]} != *" $first "* ]]; then
    echo "$file:$line: $module may not include $first"; bad=1
  fi
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include "' src)
[ $seen -gt 50 ] || { echo "only $seen includes found: this check is broken"; exit 1; }
echo "$seen includes checked"
exit $bad
