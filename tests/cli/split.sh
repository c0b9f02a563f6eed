#!/bin/bash
# A model in several files: named by its first part, known by the hash of all.
. tests/cli/begin.sh
command -v python3 >/dev/null || { echo "SKIPPED: no python3"; exit 77; }
head -c 5000 "$sample" >a
python3 "$source_tree/tests/cli/split_gguf.py" "$source_tree/models/nano.gguf" big 3 || fail "split_gguf.py"
part() { echo "big-0000$1-of-00003.gguf"; }
hash=$(cat big-*.gguf | sha256sum | cut -c 1-16)

expect 0 "$KOAN" models "$(part 1)"; grep -q "$hash" .out || fail "not the hash of all parts: $(cat .out)"
expect_error 2 "name the first, $(part 1)" "$KOAN" models "$(part 2)"
expect 0 "$KOAN" --model "$(part 1)" a
expect 5 "$KOAN" -t a.koan
"$KOAN" -dc --model "$(part 1)" a.koan | cmp -s - a || fail "--model"

expect 0 "$KOAN" generate --model "$(part 1)" -n 8 "Once"; cp .out text
expect 0 "$KOAN" generate --model nano -n 8 "Once"; same .out text

# The parts one after another are the same model.
cat big-*.gguf >whole.gguf
"$KOAN" -dc --model whole.gguf a.koan | cmp -s - a || fail "the parts in one file"
# The same numbers in one file have another hash, so they are another model.
expect 5 "$KOAN" -dc --model "$source_tree/models/nano.gguf" a.koan

mkdir folder; mv big-*.gguf folder/
expect 0 env KOAN_MODELS="$work/folder" "$KOAN" -qt a.koan; silent
rm folder/"$(part 2)"
expect_error 3 "$(part 2): No such file" "$KOAN" --model folder/"$(part 1)" -c a
cp folder/"$(part 3)" folder/"$(part 2)"
expect_error 4 "part 2 of 3 says that it is 3" "$KOAN" --model folder/"$(part 1)" -c a
cp folder/"$(part 1)" alone.gguf
expect_error 4 "split into 3 parts, and 1 is here" "$KOAN" --model alone.gguf -c a
clean
