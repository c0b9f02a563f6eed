#!/bin/sh
# The command says what the library says: golden files decode with code 0, damaged ones end with code 4 and leave no file.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_DATA_HOME="$work/data"   # no adapters but those that are named
failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

refused() { # what: of $work/x.koan
  status=0
  "$KOAN" -d --model models/tiny.gguf $context $adapters -q -o "$work/out" "$work/x.koan" 2>/dev/null || status=$?
  [ "$status" -eq 4 ] || fail "$name, $1: exit code $status"
  [ -z "$(find "$work" ! -name x.koan -type f)" ] || fail "$name, $1: left a file"
  rm -f "$work/out"
}

for file in v1/*.koan; do
  name=$(basename "$file" .koan)
  context=$(sed -n "s/^$name .*context=\([^, ]*\).*/--context v1\/\1/p" v1/index.txt)
  adapters=
  for adapter in $(sed -n "s/^$name .*adapter=\([^, ]*\).*/\1/p" v1/index.txt | tr + ' '); do
    adapters="$adapters --adapter models/$adapter"
  done
  "$KOAN" -d --model models/tiny.gguf $context $adapters -q -o "$work/out" "$file" || fail "$name does not decode"
  cmp -s "$work/out" "v1/$name.raw" || fail "$name decodes to other bytes"
  rm -f "$work/out"
  if [ -n "$context" ]; then
    status=0
    "$KOAN" -d --model models/tiny.gguf -q -o "$work/out" "$file" 2>/dev/null || status=$?
    [ "$status" -eq 5 ] && [ ! -e "$work/out" ] || fail "$name without its context: exit code $status"
  fi
  if [ -n "$adapters" ]; then
    status=0
    "$KOAN" -d --model models/tiny.gguf -q -o "$work/out" "$file" 2>"$work/err" || status=$?
    [ "$status" -eq 5 ] && [ ! -e "$work/out" ] || fail "$name without its adapter: exit code $status"
    case $name in
      message*) what='message id' ;;
      *) what='adapter with SHA-256' ;;
    esac
    grep -q "$what" "$work/err" || fail "$name without its adapter: $(cat "$work/err")"
    rm "$work/err"
  fi
  size=$(wc -c <"$file")
  for cut in 1 $((size / 2)) $((size - 1)); do
    head -c "$cut" "$file" >"$work/x.koan"
    refused "cut at $cut"
  done
  for at in 1 $((size / 3)) $((size - 2)); do
    byte=$(od -An -tu1 -j "$at" -N 1 "$file")
    { head -c "$at" "$file"; printf "\\$(printf %o $((byte ^ 4)))"; tail -c +$((at + 2)) "$file"; } >"$work/x.koan"
    refused "bit flipped at byte $at"
  done
done
[ "$failures" -eq 0 ]
