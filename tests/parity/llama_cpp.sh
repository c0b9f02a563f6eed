#!/bin/sh
# koan's next-token distributions beside llama.cpp's as well.
set -eu
here=$(dirname "$0")
if ! command -v node >/dev/null || ! [ -d "$here/../../.cache/llama_cpp/node_modules/node-llama-cpp" ]; then
  echo "SKIPPED: llama.cpp is not there; it comes with: tests/parity/install_llama_cpp.sh"
  exit 77
fi
exec "$here/numpy.sh" --llama-cpp
