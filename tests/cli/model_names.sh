#!/bin/bash
# Names of models: koan's own store, and the caches of Hugging Face, llama.cpp and Ollama; decompression finds them by hash.
. tests/cli/begin.sh
tiny=$source_tree/tests/golden/models/tiny.gguf
sha() { sha256sum "$1" | cut -c 1-64; }
head -c 5000 "$sample" >a
LC_ALL=C sed 's/koan-nano/koan-test/g' "$tiny" >other.gguf
! cmp -s other.gguf "$tiny" || { echo "SKIPPED: tiny.gguf is not called koan-nano"; exit 77; }
"$KOAN" -qc --model "$tiny" a >tiny.koan
expect_error 5 "koan models import PATH" "$KOAN" -t tiny.koan; said "$(sha "$tiny")"

# koan's own store.
store=.local/share/koan/models
expect 0 "$KOAN" models import other.gguf --name mine; said "imported as mine"; said "$(sha other.gguf)"
same $store/mine.gguf other.gguf
expect 0 "$KOAN" -q --model mine a; "$KOAN" -dc a.koan | cmp -s - a || fail "a name in the store"
expect 0 "$KOAN" generate --model mine -n 4 "The"
expect 0 "$KOAN" models; grep -q "koan-test.*mine.gguf" .out || fail "models: $(cat .out)"
expect 0 "$KOAN" models mine; grep -q "$(sha other.gguf | cut -c 1-16)" .out || fail "models mine: $(cat .out)"
expect 0 "$KOAN" models import other.gguf --name mine; said "already there"
expect_error 2 "another model is called mine" "$KOAN" models import "$tiny" --name mine
expect_error 2 "is not that of an embedded model" "$KOAN" models import "$tiny" --name small
expect_error 2 "is embedded" "$KOAN" models import nano --name other
expect 3 "$KOAN" models import ./nothing.gguf; absent $store/nothing.gguf
head -c 1000 "$tiny" >broken.gguf; expect 4 "$KOAN" models import broken.gguf; absent $store/broken.gguf
expect 0 "$KOAN" models import -f "$tiny" --name mine; same $store/mine.gguf "$tiny"
expect 0 "$KOAN" models import "$tiny" --json; grep -q "$(sha "$tiny")" .out || fail "$(cat .out)"
expect 0 "$KOAN" models remove mine tiny; said "$(sha "$tiny")"
expect_error 2 "there is none of that name" "$KOAN" models remove mine
expect_error 2 "there is none of that name" "$KOAN" models remove ../models/tiny
expect 5 "$KOAN" -t tiny.koan

# A folder that is called like an embedded model is in nobody's way.
mkdir small nano plain
expect 0 "$KOAN" -q --model small -o small.koan a; "$KOAN" -l small.koan | grep -q koan-small || fail "--model small"
expect_error 2 "the folder plain has no config.json" "$KOAN" --model plain -c a
said "$store"; said ".cache/huggingface/hub"; said ".cache/llama.cpp"; said ".ollama/models"

# Hugging Face.
hub=$work/.cache/huggingface/hub; files=$hub/models--org--files
mkdir -p "$files/snapshots/77" "$files/refs" "$files/blobs"; echo 77 >"$files/refs/main"
cp other.gguf "$files/blobs/$(sha other.gguf)"; ln -s "../../blobs/$(sha other.gguf)" "$files/snapshots/77/files-Q8_0.gguf"
cp "$tiny" "$files/snapshots/77/files-F16.gguf"; cp "$tiny" "$files/snapshots/77/mmproj-F16.gguf"
expect_error 2 "several files among files-F16.gguf, files-Q8_0.gguf" "$KOAN" --model org/files -c a
expect_error 2 "no such file among" "$KOAN" --model org/files:Q4_K_M -c a
expect 0 "$KOAN" -qf --model org/files:q8_0 a
"$KOAN" -l --model other.gguf a.koan | grep -q koan-test || fail "not the Q8_0 file"
"$KOAN" -qc --model hf://org/files/files-Q8_0.gguf a | cmp -s - a.koan || fail "hf://"
expect 0 "$KOAN" -t a.koan
expect 0 env HF_HOME="$work/.cache/huggingface" "$KOAN" -t a.koan
expect 5 env HF_HUB_CACHE="$work/elsewhere" "$KOAN" -t a.koan
# A file that its blob's name does not tell is hashed once. What remembers that may be damaged.
expect 0 "$KOAN" -t tiny.koan
grep -q "files-F16.gguf" .cache/koan/models.json || fail "nothing remembered: $(cat .cache/koan/models.json)"
expect 0 "$KOAN" -t tiny.koan
echo '{"models": [{"path": 3}, 7]}' >.cache/koan/models.json; expect 0 "$KOAN" -t tiny.koan
sed -i "s/$(sha "$tiny")/$(sha other.gguf)/" .cache/koan/models.json; rm "$files/blobs"/*
expect_error 5 "$(sha other.gguf)" "$KOAN" -t a.koan
rm -r "$hub"; expect 5 "$KOAN" -t tiny.koan

# llama.cpp.
cache=.cache/llama.cpp; mkdir -p $cache
cp other.gguf $cache/ggml-org_tiny_tiny-Q8_0.gguf
for name in ggml-org/tiny ggml-org/tiny:Q8_0 ggml-org_tiny_tiny-Q8_0; do
  expect 0 "$KOAN" -qf --model $name a; expect 0 "$KOAN" -t a.koan
done
mv $cache caches; expect 5 "$KOAN" -t a.koan
expect 0 env LLAMA_CACHE="$work/caches" "$KOAN" -t a.koan

# Ollama.
root=.ollama/models; blob=$root/blobs/sha256-$(sha other.gguf)
mkdir -p $root/blobs $root/manifests/registry.ollama.ai/library/tiny $root/manifests/registry.ollama.ai/me/own
cp other.gguf "$blob"
layer() { printf '{"schemaVersion": 2, "layers": [{"mediaType": "application/vnd.ollama.image.%s", "digest": "sha256:%s", "size": 1}]}' "$1" "$2"; }
manifest=$root/manifests/registry.ollama.ai/library/tiny/latest
layer model "$(sha other.gguf)" >$manifest; cp $manifest $root/manifests/registry.ollama.ai/me/own/8b
for name in tiny tiny:latest library/tiny me/own:8b registry.ollama.ai/me/own:8b; do
  expect 0 "$KOAN" -qf --model $name a; expect 0 "$KOAN" -t a.koan
done
expect 2 "$KOAN" --model tiny:7b -c a
expect 0 "$KOAN" models import me/own:8b; same $store/own-8b.gguf other.gguf
# Two places with one name.
expect 0 "$KOAN" models import "$tiny"
expect_error 2 "may be any of" "$KOAN" --model tiny -c a
said "sha256-$(sha other.gguf)"; said "$store/tiny.gguf"
expect 0 "$KOAN" models remove tiny own-8b
layer model ../../etc/passwd >$manifest; expect_error 4 "'layers.digest'" "$KOAN" --model tiny -c a
layer model "$(sha "$tiny")" >$manifest; expect_error 4 "which is not there" "$KOAN" --model tiny -c a
layer adapter "$(sha other.gguf)" >$manifest; expect_error 2 "with an adapter" "$KOAN" --model tiny -c a
echo '[' >$manifest; expect_error 4 "library/tiny/latest: " "$KOAN" --model tiny -c a
clean
