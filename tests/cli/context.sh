#!/bin/bash
# --context and --segments: what was made with a context needs it again, and says so.
. tests/cli/begin.sh
head -c 9000 "$sample" >a
head -c 600 "$sample" >small
tail -c 5000 "$sample" >context
tail -c 4999 "$sample" >other

# A frame names its context.
expect 0 "$KOAN" --context context a
expect 0 "$KOAN" -d --context context -c a.koan; same .out a
expect 0 "$KOAN" test --context context a.koan
expect_error 5 "(5000 bytes); pass it with --context FILE" "$KOAN" -t a.koan
expect_error 5 "not the one given" "$KOAN" -t --context other a.koan
mv a a.source
expect 5 "$KOAN" -d a.koan; absent a
expect 5 "$KOAN" decompress --context other a.koan; absent a
expect 0 "$KOAN" decompress --context context a.koan; same a a.source
hash=$("$KOAN" -d a.koan -c 2>&1 >/dev/null | sed -n 's/.*XXH3-128 \([0-9a-f]\{32\}\) .*/\1/p')
[ -n "$hash" ] || fail "the error names no hash"
expect 0 "$KOAN" list a.koan; grep -q "${hash:0:8}.*a.koan" .out || fail "list: $(cat .out)"
expect 0 "$KOAN" list -v a.koan; grep -q "context xxh3-128 $hash, 5000 bytes" .out || fail "list -v: $(cat .out)"
expect 0 "$KOAN" list --json a.koan; grep -q "\"xxh3_128\": \"$hash\"" .out || fail "list --json: $(cat .out)"
expect 5 "$KOAN" test --json a.koan; grep -q '"code": "needs-context"' .out || fail "json: $(cat .out)"

# A message does not, and is told apart from one of another model only by what the error proposes.
expect 0 "$KOAN" --context context -o small.koan small
expect 0 "$KOAN" -dc --context context small.koan; same .out small
expect_error 5 "--context FILE" "$KOAN" -t small.koan
expect_error 5 "--context FILE" "$KOAN" -t --context other small.koan

# One that is not needed does no harm; one part of a file may need it and another not.
expect 0 "$KOAN" -f -o plain.koan a
expect 0 "$KOAN" -dc --context context plain.koan; same .out a
cat plain.koan a.koan small.koan >all.koan
expect 0 "$KOAN" -dc --context context all.koan; cmp -s .out <(cat a a small) || fail "parts with and without context"
expect 0 "$KOAN" --verify -f --context context -o verified.koan a; same verified.koan a.koan
expect 0 "$KOAN" -1 -c --context context a; cp .out mixed.koan
expect 0 "$KOAN" -dc --context context mixed.koan; same .out a

# What is no context.
: >empty
expect_error 3 "missing: No such file" "$KOAN" --context missing -c a
expect_error 2 "empty: empty" "$KOAN" --context empty -c a
[ ! -s .out ] || fail "output in spite of an empty context"
truncate -s $((16 * 1024 * 1024 + 1)) large
expect_error 7 "large: larger than" "$KOAN" --context large -c a
expect_error 7 "large: larger than" "$KOAN" -d --context large -c a.koan
expect_error 3 "Is a directory" "$KOAN" --context . -c a
expect 2 "$KOAN" list --context context a.koan
expect 2 "$KOAN" models --context context

# --segments, and the method of data that no model codes.
segments() { grep -c "^ *$1 .* $2 " .out; }
"$KOAN" --segments 3 -c a >three.koan || fail "--segments"
expect 0 "$KOAN" list -v three.koan; [ "$(segments 0 model)" = 3 ] || fail "three segments: $(cat .out)"
"$KOAN" -d <three.koan | cmp -s - a || fail "three segments come back"
expect 0 "$KOAN" bench --no-peers --runs 1 -T1 --segments 3 --context context a; grep -q 'of 3 segments' .out || fail "bench: $(cat .out)"
# Two bytes in random order, one of them rare (a generator of Park and Miller): nothing to find again, much to count.
LC_ALL=C awk 'BEGIN { x = 1; for (i = 0; i < 20000; ++i) { x = x * 16807 % 2147483647; printf "%c", x % 10 ? 1 : 2 } }' >skewed
"$KOAN" -c skewed >skewed.koan || fail "skewed"
expect 0 "$KOAN" list -v skewed.koan; [ "$(segments 0 cm)" = 1 ] || fail "method cm: $(cat .out)"
"$KOAN" -d <skewed.koan | cmp -s - skewed || fail "cm comes back"
clean
