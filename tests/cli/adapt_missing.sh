#!/bin/bash
# koan adapt where there is no koan-train: what to do about it; and what it hands over where there is one.
. tests/cli/begin.sh
mkdir bin empty data
cp "$KOAN" bin/koan
alone() { PATH=$work/empty "$work/bin/koan" "$@"; }
for words in "" "--help" "data -o my.lora.gguf" "-- data"; do
  # shellcheck disable=SC2086
  expect_error 2 "adapt needs koan-train" alone adapt $words
  said "-DKOAN_TRAIN=ON"
  [ ! -s .out ] || fail "stdout of adapt $words: $(cat .out)"
done
absent my.lora.gguf
# Grouping alone does not need it; training does, and says so before it writes anything.
head -c 20000 "$sample" >data/text
expect_error 2 "adapt needs koan-train" alone adapters cluster data -k 1 -o groups
said "--no-train"; absent groups
expect 0 alone adapters cluster data -k 1 -o groups --no-train; [ -f groups/cluster-0.jsonl ] || fail "no group"

# A program in its place sees the arguments, and the embedded model unless another is given.
cat >bin/koan-train <<'EOF'
#!/bin/bash
[ "$1" = adapt ] || exit 9
printf '%s\n' "$@" >args
while [ $# -gt 0 ]; do [ "$1" = --model ] && { cp "$2" model || exit 8; break; }; shift; done
exit 7
EOF
chmod +x bin/koan-train
expect 7 bin/koan adapt data/ -o my.lora.gguf
cmp -s model "$source_tree/models/nano.gguf" || fail "another model than the embedded one"
[ "$(sed 1,3d args | tr '\n' ' ')" = "data/ -o my.lora.gguf " ] || fail "arguments: $(cat args)"
rm -f model
for words in "-m x.gguf data" "--model=x.gguf data" "-mx.gguf data" "--help" "data -h"; do
  # shellcheck disable=SC2086
  expect 7 bin/koan adapt $words
  [ "$(tr '\n' ' ' <args)" = "adapt $words " ] || fail "$words: arguments: $(cat args)"
done
absent model
# On PATH and in ../libexec/koan too.
mkdir -p other libexec/koan
mv bin/koan-train other/
expect 7 env PATH="$work/other:$PATH" bin/koan adapt data
mv other/koan-train libexec/koan/
expect 7 bin/koan adapt data
: >libexec/koan/koan-train; chmod -x libexec/koan/koan-train
expect_error 2 "adapt needs koan-train" alone adapt data
clean
