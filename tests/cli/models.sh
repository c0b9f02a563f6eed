#!/bin/bash
# Models beside the embedded one: --model, KOAN_MODELS, the data folder.
. tests/cli/begin.sh
head -c 5000 "$sample" >a; head -c 600 "$sample" >short
# The same network under another name is another model: its hash differs.
LC_ALL=C sed 's/koan-nano/koan-test/g' "$source_tree/models/nano.gguf" >other.gguf
! cmp -s other.gguf "$source_tree/models/nano.gguf" || { echo "SKIPPED: the embedded model is not called koan-nano"; exit 77; }
hash=$(sha256sum other.gguf | cut -c 1-8)

expect 0 "$KOAN" models other.gguf; grep -q koan-test .out || fail "models FILE: $(cat .out)"
expect 3 "$KOAN" models missing.gguf
head -c 1000 other.gguf >broken.gguf
expect 4 "$KOAN" models broken.gguf
expect_error 3 "missing.gguf: No such file" "$KOAN" --model missing.gguf -c a
expect_error 4 "broken.gguf: " "$KOAN" --model broken.gguf -c a

for name in a short; do
  expect 0 "$KOAN" --model other.gguf "$name"
  expect_error 5 "$name.koan: " "$KOAN" -dc "$name.koan"
  expect 5 "$KOAN" -t "$name.koan"
  expect 5 "$KOAN" -d <"$name.koan"
  [ "$name" = short ] || said "$hash"
  absent out
  "$KOAN" -dc --model other.gguf "$name.koan" | cmp -s - "$name" || fail "--model"
done
expect 0 "$KOAN" -l a.koan; grep -q "$hash" .out || fail "list of an unknown model: $(cat .out)"
expect 0 "$KOAN" -l --model other.gguf a.koan; grep -q koan-test .out || fail "list of a known model: $(cat .out)"

# The embedded ones: by level, and by name.
for choice in "-6 koan-nano" "-9 koan-small" "-9 --model nano koan-nano" "-3 --model koan-small koan-small"; do
  name=${choice##* }
  expect 0 "$KOAN" -q ${choice% *} -o embedded.koan a
  "$KOAN" -l embedded.koan | grep -q "$name" || fail "$choice: $("$KOAN" -l embedded.koan)"
  "$KOAN" -dc embedded.koan | cmp -s - a || fail "$choice: other bytes"
  rm embedded.koan
done

mkdir -p folder home/.local/share/koan/models data/koan/models
cp other.gguf folder/; cp broken.gguf folder/
cp other.gguf home/.local/share/koan/models/; cp other.gguf data/koan/models/
cp a.koan b.koan; "$KOAN" -q -c short >>b.koan; cat short.koan >>b.koan; cat a short short >b
for setting in KOAN_MODELS="nowhere::$work/folder" HOME="$work/home" XDG_DATA_HOME="$work/data"; do
  env "$setting" "$KOAN" -dc a.koan 2>err | cmp -s - a || fail "$setting: $(cat err)"
  env "$setting" "$KOAN" -d <a.koan 2>err | cmp -s - a || fail "$setting from a file on stdin: $(cat err)"
  cat a.koan | env "$setting" "$KOAN" -d 2>err | cmp -s - a || fail "$setting from a pipe: $(cat err)"
  expect 0 env "$setting" "$KOAN" -t a.koan short.koan
  expect 0 env "$setting" "$KOAN" -df -o out b.koan; same out b
  expect 0 env "$setting" "$KOAN" models; grep -q koan-test .out || fail "models with $setting: $(cat .out)"
done
expect 0 env KOAN_MODELS="$work/folder" "$KOAN" -dc short.koan; said "passed over a model"
# The folders never change what is written.
env KOAN_MODELS="$work/folder" "$KOAN" -qc a >1.koan; "$KOAN" -qc a >2.koan; same 1.koan 2.koan
clean
