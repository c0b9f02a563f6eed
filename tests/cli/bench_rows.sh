#!/bin/bash
# bench --levels and --ablation.
. tests/cli/begin.sh
head -c 1500 "$sample" >a
head -c 700 "$sample" >b

expect 0 "$KOAN" bench --levels --runs 1 -T1 a b
[ "$(grep -c '^koan -[1-9] ' .out)" = 27 ] || fail "nine levels of two files and of both: $(cat .out)"
for text in '^a: 1500 bytes' '^b: 700 bytes' '^pooled: 2200 bytes' 'decode MB'; do grep -q "$text" .out || fail "--levels says no \"$text\": $(cat .out)"; done
expect 0 "$KOAN" bench --ablation --runs 1 -T1 a
for text in '^model alone ' '^+ ' '^all but ' '^all '; do grep -q -- "$text" .out || fail "--ablation says no \"$text\": $(cat .out)"; done
! grep -q pooled .out || fail "one file is not pooled"
[ "$(grep -c '^+ ' .out)" = "$(grep -c '^all but ' .out)" ] || fail "each predictor alone and left out: $(cat .out)"

if command -v python3 >/dev/null; then
  expect 0 "$KOAN" bench --levels --runs 2 --json -T1 a b
  cp .out levels.json
  expect 0 "$KOAN" bench --ablation --runs 1 --json -T1 --context b --segments 2 a b
  python3 -c '
import json, sys
levels, ablation = (json.load(open(p)) for p in sys.argv[1:])
for o in levels, ablation:
    files = o["files"]
    assert [f["file"] for f in files] == ["a", "b"] and o["pooled"]["raw_bytes"] == 2200, o
    for i, row in enumerate(o["pooled"]["rows"]):
        parts = [f["rows"][i] for f in files]
        assert row["name"] == parts[0]["name"] and row["coded_bytes"] == sum(p["coded_bytes"] for p in parts), row
        assert abs(row["encode"]["seconds"][0] - sum(p["encode"]["seconds"][0] for p in parts)) < 1e-9, row
        assert abs(row["bits_per_byte"] - 8 * row["coded_bytes"] / 2200) < 1e-9, row
rows = levels["files"][0]["rows"]
assert [r["name"] for r in rows] == ["koan -%d" % n for n in range(1, 10)], rows
assert all(len(r["decode"]["seconds"]) == 2 and r["decode_peak_bytes"] > 1000000 for r in rows), rows
rows = ablation["files"][0]["rows"]
assert rows[0]["name"] == "model alone" and rows[-1]["name"] == "all" and "encode_peak_bytes" not in rows[0], rows
assert all(r["coded_bytes"] < 1500 for r in rows), rows
' levels.json "$work/.out" || fail "JSON: $(cat levels.json .out)"
fi
# The same bytes as compress at that level.
"$KOAN" -3 -c a | wc -c >three
grep -o '"coded_bytes": [0-9]*' levels.json 2>/dev/null | sed -n 3p | grep -q "$(cat three)" || [ ! -f levels.json ] || fail "level 3: $(cat three)"

expect_error 2 "choose one of --levels and --ablation" "$KOAN" bench --levels --ablation a
expect_error 2 "--levels measures every level" "$KOAN" bench --levels -3 a
expect_error 2 "--levels measures every level" "$KOAN" bench --levels --segments 2 a
expect_error 2 "a level that uses the model" "$KOAN" bench --ablation -1 a
expect_error 3 "missing" "$KOAN" bench --ablation missing
expect_error 3 "missing" "$KOAN" bench --levels missing
: >empty
expect_error 2 "empty" "$KOAN" bench --ablation empty
expect 3 "$KOAN" bench --ablation --runs 1 -T1 missing b; grep -q '^b: 700 bytes' .out || fail "the file beside a missing one was not done"
clean
