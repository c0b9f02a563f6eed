#!/bin/bash
# koan generate: the same text on every run and instruction set, settings, choices, records, errors.
. tests/cli/begin.sh
run() { "$KOAN" generate -n 24 "$@"; }

expect 0 run --model nano --seed 5 "Once upon a time"; cp .out first; silent
[ "$(wc -c <first)" -gt 10 ] || fail "hardly a text: $(cat first)"
expect 0 run --model nano --seed 5 "Once upon a time"; same .out first
expect 0 env KOAN_ISA=scalar "$KOAN" generate -n 24 --model koan-nano --seed 5 --batch 1 "Once upon a time"; same .out first
expect 0 run --model "$source_tree/models/nano.gguf" --seed 5 "Once upon a time"; same .out first
expect 0 run --model nano --seed 6 "Once upon a time"; cmp -s .out first && fail "the seed does not matter"
printf 'Once upon a time' >prompt
expect 0 run --model nano --seed 5 --file prompt; same .out first
run --model nano --seed 5 <prompt | cmp -s - first || fail "from stdin"
expect 0 run --temperature 0 --seed 1 "a"; cp .out greedy
expect 0 run --temperature 0 --seed 2 "a"; same .out greedy
expect 0 run --top-k 1 --seed 3 "a"; same .out greedy
expect 0 run --top-p 0.00001 --seed 4 "a"; same .out greedy
expect 0 run --min-p 1 --seed 4 "a"; same .out greedy

# A stop string ends the text and is not part of it.
stop=$(tail -c +5 first | head -c 3)
expect 0 run --model nano --seed 5 --stop "$stop" "Once upon a time"
grep -qF -- "$stop" .out && fail "the stop string is in the text: $(cat .out)"

# One object a line; what is needed to make the text again is in it.
printf '{"prompt": "Once upon a time", "id": 1}\n{"prompt": "é"}\n' >in.jsonl
expect 0 run --model nano --seed 5 --jsonl in.jsonl; cp .out out.jsonl
[ "$(wc -l <out.jsonl)" -eq 2 ] || fail "not a line for each record: $(cat out.jsonl)"
python3 - out.jsonl first <<'PY' || fail "records: $(cat out.jsonl)"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [line["index"] for line in lines] == [0, 1]
assert lines[0]["text"].rstrip("\n") == open(sys.argv[2], newline="").read().rstrip("\n"), lines[0]["text"]
assert all(line["finish_reason"] in ("length", "end") and len(line["model_sha256"]) == 64 and line["seed"] == 5 for line in lines)
PY
expect 0 run --model nano --seed 5 --jsonl in.jsonl --batch 1; same .out out.jsonl
for i in 1 2 3 4 5 6 7; do printf '{"prompt": "Prompt %d of several"}\n' $i; done >several.jsonl
expect 0 run --model nano --seed 5 --jsonl several.jsonl -T 1; cp .out several
for threads in 2 3 8; do expect 0 run --model nano --seed 5 --jsonl several.jsonl -T $threads --batch 5; same .out several; done
expect 0 run --model nano --jsonl several.jsonl --choice yes --choice no -T 1; cp .out chosen
[ "$(wc -l <chosen)" -eq 7 ] || fail "not a line for each record: $(cat chosen)"
expect 0 run --model nano --jsonl several.jsonl --choice yes --choice no -T 3; same .out chosen

# Choices: probabilities that add up, whatever the order.
expect 0 "$KOAN" generate --json --choice yes --choice no --choice maybe "Is it? "
python3 -c '
import json, sys
c = json.load(open(".out"))["choices"]
assert [x["text"] for x in c] == ["yes", "no", "maybe"]
assert abs(sum(x["probability"] for x in c) - 1) < 1e-9 and all(x["bits"] > 0 and x["weight"] > 0 for x in c)
' || fail "choices: $(cat .out)"
expect 0 "$KOAN" generate --choice yes --choice no "Is it? "; [ "$(wc -l <.out)" -eq 2 ] || fail "choices: $(cat .out)"

expect_error 2 "--temperature: 'warm'" run --temperature warm x
expect_error 2 "--top-p: '0'" run --top-p 0 x
expect_error 2 "--choice is given once" run --choice yes x
expect_error 2 "has no chat template" run --system "Be brief" x
expect_error 2 "--date: '2026-13-01'" run --date 2026-13-01 x
expect_error 2 "have no field 'question'" run --jsonl in.jsonl --field question
expect_error 3 "missing.gguf: No such file" run --model missing.gguf x
expect_error 3 "nothing: No such file" run --file nothing
expect_error 2 "the choice 'a' is there twice" run --choice a --choice a x
clean
