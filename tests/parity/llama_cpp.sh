#!/bin/sh
# koan's next-token distributions beside llama.cpp's as well.
set -eu
here=$(dirname "$0")
if ! command -v node >/dev/null || ! [ -d "$here/node_modules/node-llama-cpp" ]; then
  echo "SKIPPED: llama.cpp is not there; it comes with: npm ci --ignore-scripts --omit=optional --prefix tests/parity"
  exit 77
fi
exec "$here/numpy.sh" --llama-cpp
