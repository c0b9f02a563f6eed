#!/bin/bash
# Folders of Hugging Face: by path, imported into koan's store, in the cache of Hugging Face; what is wrong with one is named.
. tests/cli/begin.sh
command -v python3 >/dev/null || { echo "SKIPPED: no python3"; exit 77; }
tiny=$source_tree/tests/golden/models/tiny.gguf
make_folder() { python3 "$source_tree/tests/cli/make_hf_folder.py" "$tiny" "$@" || fail "make_hf_folder.py"; }
sha() { sha256sum "$1" | cut -c 1-64; }
head -c 5000 "$sample" >a; head -c 600 "$sample" >short
make_folder folder; make_folder parts 3

# The same weights predict the same; only the name of the model differs.
"$KOAN" -qc --model "$tiny" a >tiny.koan
expect 0 "$KOAN" -q --model folder a
[ "$(wc -c <a.koan)" -eq "$(wc -c <tiny.koan)" ] || fail "a folder codes in $(wc -c <a.koan), its GGUF in $(wc -c <tiny.koan)"
"$KOAN" -dc --model ./folder/ a.koan | cmp -s - a || fail "--model FOLDER"
"$KOAN" -qc --model parts a | cmp -s - a.koan || fail "three files are another model than one"
# A folder is found again while koan's cache remembers it.
expect 0 "$KOAN" -dc a.koan; same .out a
mv .cache cache.away
expect_error 5 "koan models import PATH" "$KOAN" -dc a.koan
expect 0 "$KOAN" generate --model folder -n 4 "The"
expect 0 "$KOAN" models folder; grep -q qwen3 .out || fail "models folder: $(cat .out)"

# koan's own store.
store=.local/share/koan/models
expect 0 "$KOAN" models import folder --name mine; said "imported as mine"
hash=$(sha $store/mine.gguf); said "$hash"
expect 0 "$KOAN" -t a.koan
expect 0 "$KOAN" -qf --model mine short; expect 0 "$KOAN" -t short.koan
expect 0 "$KOAN" models import ./folder/ --name mine; said "already there"
expect 0 "$KOAN" models import folder parts --json; grep -q "$hash" .out || fail "$(cat .out)"
same $store/folder.gguf $store/mine.gguf; same $store/parts.gguf $store/mine.gguf
expect 0 "$KOAN" models remove mine folder parts
rm -rf .cache
expect 5 "$KOAN" -t a.koan

# In the cache of Hugging Face.
hub=$work/.cache/huggingface/hub
snapshot=$hub/models--org--chat/snapshots/0123abcd
mkdir -p "$snapshot" "$hub/models--org--chat/refs" "$hub/models--org--chat/blobs"
printf 0123abcd >"$hub/models--org--chat/refs/main"
for file in folder/*; do
  cp "$file" "$hub/models--org--chat/blobs/$(sha "$file")"
  ln -s "../../blobs/$(sha "$file")" "$snapshot/${file##*/}"
done
expect 0 "$KOAN" -qf --model org/chat a; "$KOAN" -dc a.koan | cmp -s - a || fail "org/name"
"$KOAN" -qc --model org/chat@0123abcd a | cmp -s - a.koan || fail "org/name@COMMIT"
expect 0 "$KOAN" models import org/chat; [ -f $store/chat.gguf ] || fail "store: $(ls $store)"

# What is wrong is named, and leaves nothing behind.
cp -r folder broken; rm broken/tokenizer.json
expect_error 2 "broken/: there is no tokenizer.json" "$KOAN" --model broken/ -c a
cp folder/tokenizer.json broken/
sed -i 's/"qwen3"/"mamba"/' broken/config.json
expect_error 2 "broken: config.json: field 'model_type' is 'mamba'" "$KOAN" --model broken -c a
cp folder/config.json broken/; mv broken/model.safetensors broken/pytorch_model.bin
expect_error 2 "pytorch_model.bin is a pickle" "$KOAN" --model broken -c a
head -c 3000 folder/model.safetensors >broken/model.safetensors
expect_error 4 "broken: model.safetensors: " "$KOAN" --model broken -c a
expect 4 "$KOAN" models import broken; absent $store/broken.gguf
clean
