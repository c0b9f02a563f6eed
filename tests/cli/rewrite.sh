#!/bin/bash
# koan rewrite: extraction to a budget, rewriting by local models, what is refused, and what is written.
. tests/cli/begin.sh
rewrite() { "$KOAN" rewrite "$@"; }
printf 'A farm has 17 hens and 25 ducks. How many birds are there on the farm?' >problem
cat >solution <<'END'
To find the number of birds on the farm, we have to add the number of hens and the number of ducks.
There are 17 hens and there are 25 ducks, so the number of birds is 17 + 25 = 42.
Therefore, there are 42 birds on the farm. The answer is \boxed{42}.
END

# Extraction: within the budget, the answer kept, the same words on every instruction set, and an ordinary .koan file.
expect 0 "$KOAN" compress -9 -q --context problem -o whole.koan solution
whole=$(stat -c %s whole.koan)
expect 0 rewrite -p problem solution; said "extractive"; said "nobody checked"
[ "$(stat -c %s solution.rewrite.koan)" -le $((whole / 2)) ] || fail "above half of what the original takes"
expect 0 "$KOAN" decompress -q --context problem -o short solution.rewrite.koan
grep -qF '\boxed{42}' short || fail "the answer was dropped"
[ "$(stat -c %s short)" -lt "$(stat -c %s solution)" ] || fail "not shorter"
grep -q '"method": "surprisal"' solution.rewrite.koan.json || fail "the record does not say how"
expect 0 env KOAN_ISA=scalar "$KOAN" rewrite -q -p problem -o again.koan solution; silent; same again.koan solution.rewrite.koan
expect 0 rewrite -q -p problem -o piped.koan - <solution; same piped.koan again.koan
expect 0 rewrite -q -p problem --bits 250 --json -o small.koan solution
[ "$(stat -c %s small.koan)" -le 31 ] || fail "above 250 bits"
same .out small.koan.json

# What cannot be done, and leaves nothing.
expect_error 2 "exists already" rewrite -p problem solution
expect_error 7 "cannot be shortened to 8 bits" rewrite -p problem --bits 8 -o x.koan solution
expect_error 2 "--reader is missing" rewrite -p problem --writer local:nano -o x.koan solution
expect_error 2 "needs --writer" rewrite --by ask -p problem -o x.koan solution
expect_error 2 "--problem is missing" rewrite --writer local:nano --no-check --by sampling -o x.koan solution
expect_error 2 "FILE is missing" rewrite -p problem
expect_error 2 "go with --by surprisal" rewrite --writer local:nano --no-check -p problem --bits 9 -o x.koan solution
expect_error 3 "nowhere" rewrite -p problem -o x.koan nowhere
expect_error 2 "must be different" rewrite -p problem -o problem -f solution
absent x.koan x.koan.json

# Local models from end to end: ours do not converse, so the reader finds nothing, and that is said.
expect_error 8 "no file was written" rewrite -p problem --writer local:nano --reader local:nano -n 2 -o models.koan solution
absent models.koan
[ "$(grep -c '"answer_kept": "no"' models.koan.json)" = 2 ] || fail "the record lacks the candidates"
clean
