#!/bin/bash
# The ways in which people call a compressor.
. tests/cli/begin.sh

head -c 6000 "$sample" >a.txt
head -c 1200 "$sample" >b.txt

# A filter, with the flags of zstd and xz, alone and combined.
"$KOAN" <a.txt >f.koan 2>err || fail "filter"
[ ! -s err ] || fail "a filter says: $(cat err)"
"$KOAN" -c <a.txt | cmp -s - f.koan || fail "-c is the same filter"
"$KOAN" - <a.txt | cmp -s - f.koan || fail "- is stdin"
"$KOAN" compress <a.txt | cmp -s - f.koan || fail "compress is the same filter"
for flags in -d -dc -cd --decompress -dcf -dkf9q; do
  "$KOAN" "$flags" <f.koan | cmp -s - a.txt || fail "koan $flags"
done
"$KOAN" decompress <f.koan | cmp -s - a.txt || fail "koan decompress"
"$KOAN" compress -d <f.koan | cmp -s - a.txt || fail "koan compress -d"

# Files.
expect 0 "$KOAN" a.txt
said "a.txt: "; said "bits/byte, a.txt.koan)"
same a.txt.koan f.koan
[ -f a.txt ] || fail "the source is kept"
"$KOAN" -dc a.txt.koan | cmp -s - a.txt || fail "-dc FILE"
"$KOAN" -dcf a.txt.koan | cmp -s - a.txt || fail "-dcf FILE"
expect 0 "$KOAN" -t a.txt.koan; said "a.txt.koan: ok, 6000 bytes"
expect 0 "$KOAN" test a.txt.koan f.koan
expect 0 "$KOAN" -tq a.txt.koan; silent
expect 0 "$KOAN" -l a.txt.koan
grep -q '6000.*koan-.*XXH3-64.*a.txt.koan' .out || fail "list: $(cat .out)"
expect 0 "$KOAN" list -v a.txt.koan
grep -q 'part 0: frame at byte 0' .out || fail "list -v: $(cat .out)"
expect 0 "$KOAN" list <a.txt.koan

# Several files at once, and back.
mkdir many && cp a.txt b.txt many/
expect 0 "$KOAN" -q many/a.txt many/b.txt; silent
rm many/*.txt
expect 0 "$KOAN" -d many/a.txt.koan many/b.txt.koan
same many/a.txt a.txt; same many/b.txt b.txt
expect 0 "$KOAN" -c a.txt b.txt; cp .out two.koan
"$KOAN" -dc two.koan | cmp -s - <(cat a.txt b.txt) || fail "several files to stdout"
"$KOAN" -dc many/a.txt.koan many/b.txt.koan | cmp -s - <(cat a.txt b.txt) || fail "several files from stdout"
cat many/a.txt.koan many/b.txt.koan >cat.koan
expect 0 "$KOAN" -d cat.koan
cmp -s cat <(cat a.txt b.txt) || fail "concatenated files"
expect 0 "$KOAN" list -v cat.koan
grep -q 'part 1: message.*model koan-' .out || fail "list of two parts: $(cat .out)"

# Levels and threads.
for level in 1 9; do
  expect 0 "$KOAN" -$level -c b.txt; cp .out level.koan
  "$KOAN" -dc level.koan | cmp -s - b.txt || fail "level $level"
done
for threads in -T1 -T2 "-T 3" --threads=4 -T0; do
  # shellcheck disable=SC2086
  "$KOAN" $threads --segment-size 2K -c a.txt >threads.koan || fail "$threads"
  [ -f first.koan ] || cp threads.koan first.koan
  same threads.koan first.koan
done
"$KOAN" -d --streams 1 -c first.koan | cmp -s - a.txt || fail "--streams"

# tar.
mkdir dir && cp a.txt b.txt dir/
tar -I "$KOAN" -cf x.tar.koan dir || fail "tar -cf"
mkdir out && tar -I "$KOAN" -xf x.tar.koan -C out || fail "tar -xf"
diff -r dir out/dir || fail "tar round trip"
tar -I "$KOAN -1" -tf x.tar.koan >/dev/null || fail "tar with an option"
tar -I "$KOAN compress -1" -tf x.tar.koan >/dev/null || fail "tar with a verb"

# Small and odd inputs.
: >empty; printf x >one; printf '\0' >zero; head -c 3000 /dev/urandom >random
for f in empty one zero random; do
  expect 0 "$KOAN" -q "$f"
  mv "$f" "$f.orig"
  expect 0 "$KOAN" -dq "$f.koan"
  same "$f" "$f.orig"
  expect 0 "$KOAN" -t "$f.koan"
done

# Asking.
expect 0 "$KOAN" --help; grep -q 'koan decompress' .out || fail "help"
for verb in compress decompress test list models bench adapters; do
  expect 0 "$KOAN" $verb -h
  grep -q "koan $verb" .out || fail "help of $verb"
done
expect 0 "$KOAN" -V; grep -qE '^koan [0-9]+\.[0-9]+\.[0-9]+$' .out || fail "version: $(cat .out)"
expect 0 "$KOAN" models; grep -q 'koan-nano.*embedded, levels 3 to 6' .out || fail "models: $(cat .out)"
clean
