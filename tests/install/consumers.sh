#!/bin/bash
# Installs into a temporary folder, moves that, and builds the programs in consumer/ against it.
set -eu
case ${KOAN_SANITIZE:-OFF} in ON | 1 | TRUE) echo "SKIPPED: a library with sanitizers is not for installing"; exit 77 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources=$PWD/tests/install/consumer

cmake --install "$KOAN_BUILD" --prefix "$work/here" >/dev/null
# Nothing may remember where it was installed to first.
mv "$work/here" "$work/there"
prefix=$work/there
for file in bin/koan include/koan/koan.h include/koan/koan.hpp; do
  [ -f "$prefix/$file" ] || { echo "FAIL: $file is not installed"; exit 1; }
done
echo "text text text" | "$prefix/bin/koan" | "$prefix/bin/koan" -d | grep -q '^text text text$'

cmake -S "$sources" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release >"$work/log" || { cat "$work/log"; exit 1; }
cmake --build "$work/build" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$work/build/consumer_c"
"$work/build/consumer_cpp"

pc=$(dirname "$(find "$prefix" -name koan.pc)")
flags() { PKG_CONFIG_PATH=$pc pkg-config "$@" koan; }
# shellcheck disable=SC2046
${CC:-cc} -std=c99 -Wall -Wextra -Wpedantic -Werror $(flags --cflags) "$sources/consumer.c" $(flags --libs) -o "$work/c"
# shellcheck disable=SC2046
${CXX:-c++} -std=c++20 -Wall -Wextra -Wshadow -Werror $(flags --cflags) "$sources/consumer.cpp" $(flags --libs) -o "$work/cpp"
"$work/c"
"$work/cpp"
[ "$(flags --modversion)" = "$("$work/c" | sed -E 's/.*koan ([0-9.]+),.*/\1/')" ] || { echo "FAIL: koan.pc has another version"; exit 1; }
echo "consumers built with CMake and pkg-config"
