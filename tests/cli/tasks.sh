#!/bin/bash
# koan eval tasks and koan eval grade on the samples in evals/samples.
. tests/cli/begin.sh
samples=$source_tree/evals/samples

expect 0 "$KOAN" eval tasks
for task in gsm8k math_geometry gpqa hle mbpp mmlu_pro; do
  grep -q "^$task " .out || fail "koan eval tasks does not list $task"
done
expect 0 "$KOAN" eval tasks gsm8k
grep -q '^licence  MIT' .out || fail "no licence"
expect 0 "$KOAN" eval tasks mmlu_pro --data "$samples" -n 2
[ "$(grep -c '^--- answer: [A-J]$' .out)" = 2 ] || fail "not two problems with a letter"
grep -q '^A\. ' .out || fail "no lettered choices"
expect 0 "$KOAN" eval tasks mbpp --data "$samples/mbpp.jsonl"
grep -q '^--- answer: 3 tests of ' .out || fail "no tests"

expect_error 2 "there is no task 'gsm9k'" "$KOAN" eval tasks gsm9k
expect_error 3 "holds no gsm8k_test.jsonl" "$KOAN" eval tasks gsm8k --data "$work"
expect_error 2 "is a folder" "$KOAN" eval tasks gpqa --data "$work"

cat >replies.jsonl <<'END'
{"id": "gsm8k-test-0", "reply": "9 * 2 = 18 dollars.\nAnswer: $18"}
{"id": "gsm8k-test-1", "reply": "Answer: 4"}
{"id": "gsm8k-test-2", "reply": ""}
END
expect 0 "$KOAN" eval grade gsm8k replies.jsonl --data "$samples"
[ "$(head -n 1 .out)" = '{"id":"gsm8k-test-0","right":true,"answer":"$18","target":"18","why":""}' ] || fail "$(cat .out)"
grep -q '"right":false,"answer":"4","target":"3","why":"4 is not 3"' .out || fail "$(cat .out)"
grep -q '"why":"no answer"' .out || fail "$(cat .out)"
grep -q '^1 of 3 right (33.3%)$' .err || fail "$(cat .err)"
"$KOAN" eval grade gsm8k - --data "$samples" <replies.jsonl >again 2>/dev/null && cmp -s .out again || fail "the standard input differs"

echo '{"id": "nobody", "reply": "Answer: 4"}' >other.jsonl
expect_error 2 "has no problem 'nobody'" "$KOAN" eval grade gsm8k other.jsonl --data "$samples"
echo '{"id": 5, "reply": "Answer: 4"}' >other.jsonl
expect_error 4 "line 1: 'id' is not a string" "$KOAN" eval grade gsm8k other.jsonl --data "$samples"
: >other.jsonl
expect_error 2 "no replies" "$KOAN" eval grade gsm8k other.jsonl --data "$samples"
echo OK
