#!/bin/bash
# koan rewrite and koan ask with remote models, against the scripted server, by both interfaces: what is chosen, what it costs, and
# that the same command pays for nothing twice.
. tests/cli/begin.sh
. "$source_tree/tests/remote/server.sh"

printf 'A farm has 17 hens and 25 ducks. How many birds are there on the farm?' >problem
printf 'We add hens and ducks, since all of them are birds.\n17 + 25 = 42\nSo there are \\boxed{42} birds on the farm.\n' >solution
for kind in openai anthropic; do
  base=$url/v1; [ $kind = openai ] || base=$url
  # The writer proposes one that says nothing, a long one and a short one; the reader finds the answer where it sees "17+25".
  before=$(requests)
  expect 0 "$KOAN" rewrite -p problem -n 3 --writer $kind:shorten@$base --reader $kind:reader@$base -o $kind.koan solution
  said "answer kept: yes"
  expect 0 "$KOAN" decompress -q -f --context problem -o text $kind.koan
  [ "$(cat text)" = "17+25" ] || fail "chose $(cat text)"
  [ $(($(requests) - before)) -eq 7 ] || fail "$(($(requests) - before)) requests instead of 3 and 4"
  grep -q "birds on the farm\.\"\|= 42" <(tail -n 4 log) && fail "the reader saw the original"
  expect 0 "$KOAN" rewrite -q -f -p problem -n 3 --writer $kind:shorten@$base --reader $kind:reader@$base -o again.koan solution
  same again.koan $kind.koan
  [ $(($(requests) - before)) -eq 7 ] || fail "asked again"

  # A small local model asks, the remote one answers: yes and no in turn, one bit each at most.
  expect 0 "$KOAN" ask run --json -n 24 --large $kind:answers@$base --file problem --transcript $kind.jsonl
  cp .out run.json
  [ "$(member run.json questions)" -eq 10 ] || fail "not ten questions"
  [ "$(member run.json payload_bytes)" -le 2 ] || fail "payload of $(member run.json payload_bytes) bytes"
  before=$(requests)
  expect 0 "$KOAN" ask run --json -n 24 --large $kind:answers@$base --file problem --transcript $kind.jsonl --no-cache
  same .out run.json
  [ "$(requests)" -eq "$before" ] || fail "a transcript that is complete asks again"
  # What is sent comes out the same without the remote model.
  expect 0 "$KOAN" ask send -q -n 24 --large $kind:answers@$base --file problem -o $kind.ask; cp .out answer
  expect 0 "$KOAN" ask receive -q --file problem $kind.ask; same .out answer
  # All roles remote, and a budget that ends it before it is exceeded.
  expect 0 "$KOAN" ask run -q --small $kind:asker@$base --large $kind:answers@$base --file problem
  [[ $(cat .out) == *42* ]] || fail "the answer is $(cat .out)"
  expect_error 7 "budget" "$KOAN" ask run -q --no-cache --budget-tokens 50 --small $kind:asker@$base --large $kind:answers@$base --file problem
  expect_error 2 "exact" "$KOAN" ask send -q --small $kind:asker@$base --large $kind:answers@$base --file problem -o x.ask
done
absent x.ask
grep -r -l -e 0123456789 -e 9876543210 "$work" && fail "a key is in a file"
clean
