#!/bin/bash
# compress --verify, and bench.
. tests/cli/begin.sh
head -c 3000 "$sample" >a

expect 0 "$KOAN" --verify a; "$KOAN" -dc a.koan | cmp -s - a || fail "--verify"
"$KOAN" --verify -q -o piped.koan <a || fail "--verify of a pipe"
same piped.koan a.koan
expect_error 2 "--verify needs a regular file" "$KOAN" --verify -o /dev/null a

expect 0 "$KOAN" bench --no-peers --runs 1 a
for text in 'koan -6' 'ideal' 'int8 peak' 'tokens/s' 'model '; do grep -q "$text" .out || fail "bench says no \"$text\": $(cat .out)"; done
! grep -q 'xz' .out || fail "--no-peers"
expect 0 "$KOAN" bench --runs 1 --json -3 -T1 a
if command -v python3 >/dev/null; then
  python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))["files"][0]
assert r["raw_bytes"] == 3000 and r["koan"]["coded_bytes"] < 1500, r
assert r["koan"]["encode_peak_bytes"] > 1000000, r
assert {p["name"] for p in r["peers"]} == {"xz -9e", "zstd -19", "zstd --ultra -22", "brotli -q 11", "bzip2 -9"}, r
' "$work/.out" || fail "bench --json: $(cat .out)"
fi
expect 0 env PATH=/nowhere "$KOAN" bench --runs 1 a; grep -q 'not installed' .out || fail "peers that are missing: $(cat .out)"
: >empty
expect_error 2 "empty" "$KOAN" bench empty
expect 3 "$KOAN" bench missing
expect 0 env KOAN_ISA=scalar "$KOAN" bench --no-peers --runs 1 --json a; grep -q '"isa": "scalar"' .out || fail "forced instruction set: $(cat .out)"
clean
