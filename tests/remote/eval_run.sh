#!/bin/bash
# koan eval run with models behind HTTP interfaces: both of them, four benchmarks, the estimate, the budget, and that a run that is
# killed again and again pays for nothing twice.
. tests/cli/begin.sh
. "$source_tree/tests/remote/server.sh"
. "$source_tree/tests/cli/runs.sh"
python3 "$source_tree/tests/cli/benchmarks.py" . 12
export KOAN_BENCHMARKS=$work
run() { "$KOAN" eval run "$@"; }
program=mbpp
"$KOAN" eval run mbpp --small local:nano --large local:nano -n 4 --limit 1 --arms retry --out probe >.out 2>.err ||
  { program=; echo "SKIPPED: programs in the sandbox: $(cat .err)"; }

for kind in openai anthropic; do
  base=$url/v1; [ $kind = openai ] || base=$url
  remote=(--small $kind:asker@$base --large $kind:answers@$base)
  # Nothing is asked before somebody agreed to pay.
  before=$(requests)
  expect 2 run gsm8k "${remote[@]}" --limit 3; said "--yes"
  said "$kind:answers@$base: about"
  [ "$(requests)" -eq "$before" ] || fail "asked without being told to"
  for task in gsm8k math mmlu_pro $program; do
    expect 0 run $task "${remote[@]}" --limit 3 --arms retry,blc,qa,qa_plus,random_bits,oracle,select,verdict,lossless,rewrite --yes --out $kind-$task
    grep -q '^qa_plus' .out || fail "no table: $(cat .out)"
  done
  # Models that are not exact: bits are counted, and there are no ask files.
  [ "$(value $kind-gsm8k/results.json koan arms qa bits_as_questions)" = 10.0 ] || fail "$(value $kind-gsm8k/results.json koan arms qa)"
  [ -z "$(ls $kind-gsm8k/asks)" ] || fail "ask files of models that are not exact"
  # Run elsewhere with the same cache it asks nobody.
  before=$(requests)
  expect 0 run gsm8k "${remote[@]}" --limit 3 --arms retry,blc,qa,qa_plus,random_bits,oracle,select,verdict,lossless,rewrite --yes --out $kind-again
  [ "$(requests)" -eq "$before" ] || fail "asked again"
  [ "$(timeless $kind-again/results.json)" = "$(timeless $kind-gsm8k/results.json)" ] || fail "another result"
  # A small model here and a large one there.
  expect 0 run gsm8k --small local:nano --large $kind:answers@$base -n 12 --limit 2 --arms qa,chosen --budget-tokens 100000 --out $kind-mixed
  [ "$(ls $kind-mixed/asks | wc -l)" -eq 4 ] || fail "ask files: $(ls $kind-mixed/asks)"
  expect_error 7 "budget" run gsm8k -q --small $kind:asker@$base --large $kind:answers@$base -n 13 --limit 2 --arms qa --budget-tokens 50 --out $kind-poor
done
expect_error 2 "gives probabilities" run gsm8k "${remote[@]}" --arms chosen --yes

# Prices of the configuration: in the estimate, in what was spent, and in the budget. The server says 12 tokens in and 4 out for each call.
mkdir -p .config/koan
printf '[endpoints.strong]\nkind = "openai"\nmodel = "answers"\nurl = "%s/v1"\ninput_price = 3\noutput_price = 15\n' "$url" >.config/koan/config.toml
priced=(--small local:nano --large strong -n 14 --limit 2 --arms qa,blc)
expect_error 7 "budget of money" run gsm8k -q "${priced[@]}" --budget 0.0001 --out priced
expect 0 run gsm8k "${priced[@]}" --budget 1 --out priced
said "at the prices in the configuration"
[ "$(value priced/results.json koan arms blc money)" = 0.0 ] || fail "the small model costs nothing"
python3 -c "assert abs($(value priced/results.json koan arms qa money) - 2 * (12 * 3 + 4 * 15) / 1e6) < 1e-12" || fail "two calls: $(value priced/results.json koan arms qa)"
# Answers in free form, by a judge.
printf 'Record ID,Question,Correct Answer,Explanation,Subdomain\nr1,What is 40 + 2?,42,Add them.,sums\nr2,What is 40 + 3?,43,Add them.,sums\n' >gpqa.csv
free=(gpqa_free --data gpqa.csv --small openai:asker@$url/v1 --large openai:answers@$url/v1 --arms qa --yes)
expect_error 2 "--judge" run "${free[@]}" --out free
expect 0 run "${free[@]}" --judge openai:judge@$url/v1 --out free
said "openai:judge@$url/v1: about 6 calls"
[ "$(value free/results.json koan arms qa correct)" = 1 ] || fail "$(cat .out)"

# Programs are run, each against the tests of its problem: one of twelve adds one.
if [ -n "$program" ]; then
  expect 0 run mbpp --small openai:coder@$url/v1 --large openai:coder@$url/v1 --arms retry --yes --out programs
  [ "$(value programs/results.json koan arms retry correct)" = 1 ] || fail "$(cat .out)"
  [ "$(grep -c '"arm":"large".*AssertionError' programs/samples_mbpp.jsonl)" -eq 11 ] || fail "$(head -n 3 programs/samples_mbpp.jsonl)"
fi

# A server that refuses: written down, tried again by the same command.
expect_error 6 "samples failed" run gsm8k -q --small local:nano --large openai:poor@$url/v1 -n 4 --limit 1 --arms retry --yes --retries 0 --out poor
grep -q '"error"' poor/journal-0-of-1.jsonl || fail "no error in the journal"; absent poor/results.json
expect_error 6 "samples failed" run gsm8k -q --small local:nano --large openai:poor@$url/v1 -n 4 --limit 1 --arms retry --yes --retries 0 --out poor
expect 0 run gsm8k --small local:nano --large openai:poor@$url/v1 -n 4 --limit 1 --arms retry --yes --retries 0 --errors-are-wrong --out poor
grep -q "failed and count as wrong" .out || fail "$(cat .out)"

# Killed with SIGKILL after every few requests: only a call whose reply was still on its way is made again.
slow=(--small openai:asker@$url/v1 --large openai:answers@$url/v1 -n 77 --arms retry,self_consistency,blc,qa,qa_plus,random_bits,rewrite --yes -T 1)
head -n 1 log >others; tail -n +2 log | wc -l >skip
: >in_flight; kills=0
while [ ! -e killed/results.json ]; do
  before=$(requests)
  run gsm8k "${slow[@]}" --out killed >/dev/null 2>.err & pid=$!
  while [ $(($(requests) - before)) -lt 9 ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
  if kill -KILL $pid 2>/dev/null; then
    kills=$((kills + 1)); wait $pid 2>/dev/null; sleep 0.1
    tail -n 1 log >>in_flight
  fi
  wait $pid 2>/dev/null
  [ $kills -lt 100 ] || fail "it does not come to an end"
done
[ $kills -ge 3 ] || fail "killed only $kills times"
tail -n +$(($(cat skip) + 2)) log >ours
python3 - <<'PY' || fail "a call was paid for twice"
from collections import Counter
ours, lost = Counter(open("ours")), Counter(open("in_flight"))
twice = {line: n for line, n in ours.items() if n - 1 > lost[line]}
print(sum(ours.values()), "calls", len(twice), "twice")
assert not twice, twice
PY
rm -f killed/.koan-tmp-*
expect 0 run gsm8k "${slow[@]}" --out unbroken
[ "$(timeless killed/results.json)" = "$(timeless unbroken/results.json)" ] || fail "killed, it comes to another result"
grep -r -l -e 0123456789 -e 9876543210 "$work" && fail "a key is in a file"
rm -rf .cache; clean
