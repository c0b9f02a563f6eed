#!/bin/sh
# Puts the pinned node-llama-cpp (package.json, 85 MB) into .cache/llama_cpp, for tests/parity and bench/peers.
set -eu
cd "$(dirname "$0")"
target=../../.cache/llama_cpp
mkdir -p "$target"
cp package.json package-lock.json "$target"
exec npm ci --silent --ignore-scripts --omit=optional --no-audit --no-fund --prefix "$target"
