#!/bin/bash
# Relative links in Markdown files, and docs/*.md named in sources, lead somewhere.
set -u
bad=0 seen=0
anchors() { # the anchors that a Markdown file's headings make
  sed -nE 's/^#+ +//p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}
while IFS= read -r file; do
  # Code spans and blocks hold no links.
  while IFS= read -r link; do
    [ -n "$link" ] || continue
    case $link in http://* | https://* | mailto:*) continue ;; esac
    seen=$((seen + 1))
    path=${link%%#*} anchor=
    [[ $link == *#* ]] && anchor=${link#*#}
    target=$file
    [ -n "$path" ] && target=$(dirname "$file")/$path
    if [ ! -e "$target" ]; then
      echo "$file: link to $link leads nowhere"; bad=1
    elif [ -n "$anchor" ] && [ -f "$target" ] && ! anchors "$target" | grep -qxF -- "$anchor"; then
      echo "$file: no heading for $link"; bad=1
    fi
  done < <(sed -e '/^ *```/,/^ *```/d' -e 's/`[^`]*`//g' "$file" | grep -oE '\]\([^) ]+\)' | sed -E 's/^\]\(//; s/\)$//')
done < <(find . -name '*.md' -not -path './build*' -not -path './.git/*' -not -path './train-work/*' -not -path './.cache/*')
while IFS=: read -r file name; do
  seen=$((seen + 1))
  [ -e "$name" ] || { echo "$file names $name, which does not exist"; bad=1; }
done < <(grep -rnoE 'docs/[A-Za-z0-9_/-]+\.md' src include tests cmake bench README.md 2>/dev/null | sed -E 's/:[0-9]+:/:/' | sort -u)
[ $seen -gt 5 ] || { echo "only $seen links found: this check is broken"; exit 1; }
echo "$seen links checked"
exit $bad
