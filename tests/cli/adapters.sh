#!/bin/bash
# koan adapters: the folder, what it says about adapters, and coding with them.
. tests/cli/begin.sh
command -v python3 >/dev/null || { echo "SKIPPED: no python3 to make adapters with"; exit 77; }
nano=$source_tree/models/nano.gguf tiny=$source_tree/tests/golden/models/tiny.gguf
store=$work/.local/share/koan/adapters
make() { python3 "$source_tree/tests/cli/make_adapter.py" "$@" || fail "make_adapter $*"; }
make "$nano" legal.lora.gguf name=legal gain=1.5 profile=both
make "$nano" code.gguf seed=2 scale=0.03
make "$nano" named.gguf name="two words" seed=3
make "$tiny" tiny.lora.gguf name=small
make "$nano" unsaid.gguf base=none seed=4
hash=$(sha256sum legal.lora.gguf | cut -c 1-64)
head -c 6000 "$sample" >a

# An empty store.
expect 0 "$KOAN" adapters; said "no adapters in $store"
expect 0 "$KOAN" adapters list --json; grep -q '"files": \[\]' .out || fail "empty list: $(cat .out)"
expect_error 2 "--adapter auto: there are none" "$KOAN" --adapter auto -c a
expect_error 2 "neither a file nor one of koan adapters list; there are none yet" "$KOAN" --adapter legal -c a

# add
expect 0 "$KOAN" adapters add legal.lora.gguf code.gguf named.gguf
said "legal.lora.gguf: added as legal"; said "code.gguf: added as code"; said "named.gguf: added as named"
same "$store/legal.gguf" legal.lora.gguf
expect 0 "$KOAN" adapters add legal.lora.gguf; said "already there as legal"
expect_error 2 "another adapter is called legal already" "$KOAN" adapters add code.gguf --name legal
same "$store/legal.gguf" legal.lora.gguf
expect 0 "$KOAN" adapters add code.gguf --name named -f; said "in place of another"; said "$(sha256sum named.gguf | cut -c 1-64)"
same "$store/named.gguf" code.gguf
for name in ../up .hidden -x "two words" auto none a/b "$(printf 'a%.0s' {1..101})"; do
  expect_error 2 "a name has letters, digits" "$KOAN" adapters add code.gguf --name="$name"
done
expect_error 2 "--name names one FILE only" "$KOAN" adapters add code.gguf named.gguf --name x
expect_error 4 "this is not an adapter" "$KOAN" adapters add "$nano"
head -c 3000 code.gguf >cut.gguf
expect_error 4 "cut.gguf: " "$KOAN" adapters add cut.gguf
expect_error 3 "missing.gguf: No such file" "$KOAN" adapters add missing.gguf
absent "$store/cut.gguf" "$store/nano.gguf"
expect 2 "$KOAN" adapters add
expect_error 2 'no verb "nonsense"' "$KOAN" adapters nonsense
expect 0 env XDG_DATA_HOME="$work/xdg" "$KOAN" adapters add code.gguf; same xdg/koan/adapters/code.gguf code.gguf

# list and info; a damaged file is reported beside the others.
cp cut.gguf "$store/broken.gguf"
expect_error 4 "broken.gguf: " "$KOAN" adapters list
grep -q "^legal  *koan-nano  *2 .* 25.0%  ${hash:0:16}" .out || fail "list: $(cat .out)"
grep -q "^code " .out || fail "list beside a damaged file: $(cat .out)"
expect_error 4 "broken.gguf: " "$KOAN" adapters list --json
grep -q '"name": "broken"' .out && grep -q '"gain": 0.25' .out || fail "list --json: $(cat .out)"
expect 0 "$KOAN" --adapter auto -c a; said "passed over an adapter"
rm "$store/broken.gguf"
expect 0 "$KOAN" adapters list -v; grep -q "$hash" .out || fail "list -v: $(cat .out)"
expect 0 "$KOAN" adapters info legal tiny.lora.gguf unsaid.gguf
for line in "base model *koan-nano, which this koan has" "which this koan does not have" "it does not say which" "sha256 *$hash" \
  "2.0000 -> 1.5000 bits per byte (gain 25.0%)" "by text and by prompt" "no profile" "12345 bytes, 7 documents; 4096 tokens" "may reveal text"; do
  grep -q -- "$line" .out || fail "info does not say $line: $(cat .out)"
done
expect 0 "$KOAN" adapters info --json legal; grep -q '"known": true' .out && grep -q '"prompt": true' .out || fail "info --json: $(cat .out)"
expect 0 "$KOAN" adapters info --model "$tiny" --json tiny.lora.gguf; grep -q '"known": true' .out || fail "info --model: $(cat .out)"
expect_error 2 "did you mean legal?" "$KOAN" adapters info lgeal

# Coding: the store is found when the file needs it.
expect 0 "$KOAN" --adapter legal a; "$KOAN" -qc a >plain.koan
cmp -s a.koan plain.koan && fail "the adapter changed nothing"
expect 0 "$KOAN" -dc a.koan; same .out a
expect 0 "$KOAN" list -v a.koan; grep -q "adapter legal (sha256 $hash)" .out || fail "list -v: $(cat .out)"
expect 0 "$KOAN" list --json a.koan; grep -A3 '"adapters"' .out | grep -q "\"sha256\": \"$hash\"" || fail "list --json: $(cat .out)"
expect 0 "$KOAN" -f --adapter ./legal.lora.gguf -o b.koan a; same a.koan b.koan
expect 0 "$KOAN" bench --no-peers --runs 1 -T1 --adapter legal a; grep -q "^ *koan.* $(stat -c %s a.koan) " .out || fail "bench: $(cat .out)"
expect 0 "$KOAN" -vf --adapter legal -o b.koan a; said "needs 1 of the adapters"
for route in trial text prompt; do
  expect 0 "$KOAN" -c --adapter auto --route "$route" a; cp .out routed.koan
  expect 0 "$KOAN" -dc routed.koan; same .out a
done
expect 0 "$KOAN" -c --adapter legal --adapter code a; cp .out several.koan
expect 0 "$KOAN" test several.koan
expect 0 "$KOAN" -c --adapter none a; same .out plain.koan
mkdir legal; expect 0 "$KOAN" -c --adapter legal a; same .out a.koan   # a folder is no adapter

# remove, and what then does not open.
expect_error 2 "did you mean legal?" "$KOAN" adapters remove lega
expect_error 2 "not one of koan adapters list" "$KOAN" adapters remove ../adapters/legal
expect 0 "$KOAN" adapters remove legal; said "$hash"; said "do not open any more"; absent "$store/legal.gguf"
expect_error 5 "needs the adapter with SHA-256 $hash; koan adapters add FILE" "$KOAN" -dc a.koan
expect 5 "$KOAN" test --json a.koan; grep -q '"code": "needs-adapter"' .out || fail "json: $(cat .out)"
expect 0 "$KOAN" list -v a.koan; grep -q "adapter ${hash:0:8} (sha256 $hash)" .out || fail "list -v of an unknown adapter: $(cat .out)"
expect 0 "$KOAN" list -v --adapter legal.lora.gguf a.koan; grep -q "adapter legal.lora.gguf (" .out || fail "list -v --adapter: $(cat .out)"
expect 0 "$KOAN" -dc --adapter legal.lora.gguf a.koan; same .out a

# Wrong base, wrong words.
expect_error 5 "tiny.lora.gguf: this adapter was trained on model" "$KOAN" --adapter tiny.lora.gguf -c a
said "not on koan-nano"; [ ! -s .out ] || fail "output in spite of a wrong base"
expect 0 "$KOAN" --model "$tiny" --adapter tiny.lora.gguf -o t.koan a
expect 0 "$KOAN" -dc --model "$tiny" --adapter tiny.lora.gguf t.koan; same .out a
expect 0 "$KOAN" --adapter unsaid.gguf -c a
expect_error 2 "did you mean code?" "$KOAN" --adapter cod -c a
expect_error 3 "no/such.gguf: No such file" "$KOAN" --adapter no/such.gguf -c a
expect_error 4 "cut.gguf: " "$KOAN" --adapter cut.gguf -c a
expect_error 2 "--adapter needs a model: level -3" "$KOAN" -1 --adapter code -c a
expect 0 "$KOAN" -1 --adapter none -c a
expect_error 2 "--route goes with --adapter" "$KOAN" --route text -c a
expect_error 2 "--records goes with list" "$KOAN" --records a
rm "$store"/*; cp tiny.lora.gguf "$store/"
expect_error 2 "is for model koan-nano" "$KOAN" --adapter auto -c a

# cluster: the same corpus and seed give the same groups, which are not replaced by others unasked.
mkdir corpus
for i in 1 2 3 4 5 6; do
  printf 'The court held that the appeal of the plaintiff was dismissed under section %s of the act.\n' $i $i $i >corpus/law$i.txt
  printf 'int main() { for (int i = %s; i < n; ++i) { total += values[i]; } return total; }\n' $i $i $i >corpus/code$i.txt
done
printf '{"id":%s,"text":"The judge dismissed the appeal; the court held the section applied.","x":"\\u00e9"}\n' 7 8 >corpus/more.jsonl
expect 0 "$KOAN" adapters cluster corpus -k 2 -o groups --no-train; grep -q "^cluster-0  *8 " .out || fail "cluster: $(cat .out)"
[ "$(cat groups/cluster-?.jsonl | wc -l)" = 14 ] || fail "records: $(cat groups/*.jsonl)"
grep -q '"id":7,.*u00e9' groups/cluster-0.jsonl || fail "a record changed: $(cat groups/cluster-0.jsonl)"
grep -q "int main" groups/cluster-0.jsonl && fail "mixed groups: $(cat groups/cluster-0.jsonl)"
grep -q '"k": 2' groups/clusters.json || fail "report: $(cat groups/clusters.json)"
cp -r groups before
expect 0 "$KOAN" adapters cluster corpus -k 2 -o groups --no-train -q; diff -r groups before || fail "another grouping"
echo adapter >groups/cluster-0.lora.gguf
expect 0 "$KOAN" adapters cluster corpus -k 2 -o groups --no-train -q; [ -f groups/cluster-0.lora.gguf ] || fail "an adapter went"
expect_error 2 "holds other groups" "$KOAN" adapters cluster corpus -k 3 -o groups --no-train
expect_error 2 "holds other groups" "$KOAN" adapters cluster corpus -k 1 -o groups --no-train
[ -f groups/cluster-0.lora.gguf ] || fail "an adapter went in a refused run"; diff groups/cluster-1.jsonl before/ || fail "a group changed"
expect 0 "$KOAN" adapters cluster corpus -k 1 -o groups --no-train -f --json
grep -q '"documents": 14' .out || fail "cluster --json: $(cat .out)"
absent groups/cluster-0.lora.gguf groups/cluster-1.jsonl
expect_error 2 "14 documents cannot make 15" "$KOAN" adapters cluster corpus -k 15 -o other --no-train; absent other
expect_error 2 "-k must be" "$KOAN" adapters cluster corpus -k 0 -o other --no-train
expect_error 3 "No such file" "$KOAN" adapters cluster nowhere -k 1 -o other --no-train
# Training runs koan adapt on each group, keeps what is there, and goes on after one that failed.
mkdir bin; cp "$KOAN" bin/koan
cat >bin/koan-train <<'EOF'
#!/bin/bash
echo "$*" >>log
[[ "$*" != *cluster-0* ]] || [ ! -f refuse ] || exit 2
while [ "$1" != -o ]; do shift; done
echo trained >"$2"
EOF
chmod +x bin/koan-train
: >refuse
expect_error 2 "cluster-0: koan adapt ended with 2" bin/koan adapters cluster corpus -k 2 -o trained --adapt-options "--minutes 1 --rank 4"
[ -f trained/cluster-1.lora.gguf ] && [ ! -f trained/cluster-0.lora.gguf ] || fail "adapters: $(ls trained)"
grep -q "cluster-1.jsonl -o trained/cluster-1.lora.gguf --minutes 1 --rank 4" log || fail "koan-train: $(cat log)"
rm refuse log; : >trained/cluster-0.lora.gguf.checkpoint
expect 0 bin/koan adapters cluster corpus -k 2 -o trained; grep -q "cluster-1: its adapter is there and was kept" .out || fail "kept: $(cat .out)"
[ "$(wc -l <log)" = 1 ] && grep -q -- "cluster-0.jsonl .*--resume" log || fail "resumed: $(cat log)"
clean
