#!/bin/sh
# Fetches the pinned libraries from npm and packs them as they are committed: third_party/vega/update.sh
set -eu
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json "$work"
cd "$work"
npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock
for name in vega vega-lite vega-embed; do
  script=node_modules/$name/build/$name.min.js
  # Inside an HTML script element these would end it.
  if grep -qi '</script\|<!--' "$script"; then
    echo "$name cannot be written into a page as it is" >&2
    exit 1
  fi
  # The comment that names a source map makes a browser look for it.
  sed '/^\/\/# sourceMappingURL=/d' "$script" >"$name.min.js"
  # From a file, so that the frame says how large it is.
  zstd -q -19 -f "$name.min.js" -o "$here/$name.min.js.zst"
done
# What the three are made of, with the licence of each.
{
  echo "The three files are built from these packages, all as published on npm."
  for folder in node_modules/vega* node_modules/d3-* node_modules/topojson-client node_modules/internmap node_modules/delaunator node_modules/robust-predicates \
    node_modules/fast-json-patch node_modules/json-stringify-pretty-compact node_modules/semver node_modules/tslib; do
    [ -d "$folder" ] || continue
    printf '\n== %s\n\n' "$(node -p "const p = require('./$folder/package.json'); p.name + ' ' + p.version + ', ' + p.license")"
    cat "$folder"/LICENSE* 2>/dev/null || echo "(no licence file in the package)"
  done
} | awk 'BEGIN { RS = "\n== "; ORS = "" } NR == 1 { print; next }
  # The licence text once for all packages that share it.
  { at = index($0, "\n"); name = substr($0, 1, at - 1); text = substr($0, at); if (!(text in names)) order[++n] = text; names[text] = names[text] "\n== " name }
  END { for (i = 1; i <= n; ++i) print names[order[i]] order[i] }' >"$here/LICENSES.txt"
