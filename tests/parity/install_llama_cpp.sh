#!/bin/sh
# Puts the pinned node-llama-cpp (package.json, 85 MB) into .cache/llama_cpp, for tests/parity and bench/peers.
# No lock file: npm ci refuses one that leaves out the optional packages, which are llama.cpp for other machines.
set -eu
cd "$(dirname "$0")"
target=../../.cache/llama_cpp
mkdir -p "$target"
cp package.json "$target"
cd "$target"
exec npm install --silent --ignore-scripts --omit=optional --no-audit --no-fund --no-package-lock
