#!/bin/bash
# --jsonl, --lines and list --records.
. tests/cli/begin.sh
line() { printf '{"id":%s,"messages":[{"role":"user","content":"What is %s?"},{"role":"assistant","content":"%s"}]}' "$@"; }
round() { # FILE OPTIONS...: comes back, whole and verified
  local file=$1; shift
  expect 0 "$KOAN" --jsonl --verify -qf "$@" -o out.koan "$file"
  expect 0 "$KOAN" -dc out.koan; same .out "$file"
}
# json FILE KEY: the numbers under KEY in list --records --json
json() { "$KOAN" list --records --json "$1" | sed -n "s/.*\"$2\": \([^,]*\),*$/\1/p" | tr '\n' ' '; }

for i in 1 2 3 4 5; do line "$i" "the sum" "The sum of $i and $i is $((2 * i)), as everyone knows."; echo; done >plain.jsonl
round plain.jsonl --field messages.-1.content --context-field messages.0.content
expect 0 "$KOAN" list -v out.koan; grep -q " records " .out || fail "method: $(cat .out)"
for lines in 1 3 5 2-4 4-; do
  first=${lines%-*} last=${lines#*-}
  expect 0 "$KOAN" -dc --lines "$lines" out.koan; cmp -s .out <(sed -n "$first,${last:-\$}p" plain.jsonl) || fail "--lines $lines: $(cat .out)"
done
expect 0 "$KOAN" -dc --lines 4-100 out.koan; cmp -s .out <(sed -n '4,$p' plain.jsonl) || fail "--lines beyond the end"
expect_error 2 "has no line 6" "$KOAN" -dc --lines 6 out.koan
for lines in 0 x 3-2 -1 1-x 2.; do expect_error 2 "--lines: " "$KOAN" -dc --lines="$lines" out.koan; done
expect_error 2 "--lines goes with decompress" "$KOAN" --lines 1 plain.jsonl

# What each record costs.
expect 0 "$KOAN" list --records out.koan
grep -q "^line  text  coded" .out && grep -q "out.koan: 5 records" .out || fail "list --records: $(cat .out)"
[ "$(json out.koan line)" = "1 2 3 4 5 " ] || fail "lines: $(json out.koan line)"
text='The sum of 1 and 1 is 2, as everyone knows.'
[ "$(json out.koan text_bytes | cut -d ' ' -f 2-)" = "${#text} ${#text} ${#text} ${#text} $((${#text} + 1)) " ] || fail "text: $(json out.koan text_bytes)"
[ "$(json out.koan stored)" = "false false false false false " ] || fail "stored: $(json out.koan stored)"
[ "$(json out.koan adapter)" = '"" "" "" "" "" ' ] || fail "adapters: $(json out.koan adapter)"
coded=$(json out.koan coded_bytes); sum=${coded%% *}; total=0
for n in ${coded#* }; do [ "$n" -gt 0 ] || fail "coded: $coded"; total=$((total + n)); done
[ "$total" = "$sum" ] && [ "$(json out.koan block_bytes)" -gt "$total" ] || fail "coded: $coded of $(json out.koan block_bytes)"
# Lines are those of the whole output: parts and what is no record count too.
head -c 300 "$sample" >short; "$KOAN" -qc short >short.koan; head -c 6000 "$sample" >more; "$KOAN" -qc more >more.koan
cat short.koan out.koan more.koan out.koan >all.koan
before=$(wc -l <short) between=$(wc -l <more)
[ "$(json all.koan line | cut -d ' ' -f 1,6)" = "$((before + 1)) $((before + 5 + between + 1))" ] || fail "lines of parts: $(json all.koan line)"
expect 0 "$KOAN" list --records more.koan; grep -q ": 0 records" .out || fail "no records: $(cat .out)"
expect 0 "$KOAN" -l --records out.koan
echo text >not.koan; expect_error 4 "not.koan: " "$KOAN" list --records not.koan
head -c $(($(stat -c %s out.koan) - 30)) out.koan >cut.koan; expect 4 "$KOAN" list --records cut.koan
expect_error 2 "but with --records" "$KOAN" list --context short out.koan
expect 0 "$KOAN" --jsonl -q --context short -o context.koan plain.jsonl
expect 5 "$KOAN" list --records context.koan
expect 0 "$KOAN" list --records --context short context.koan

# The usual names are found without being told; the first line counts.
printf '{"prompt":"Say hello","response":"Hello, and welcome to the house of the rising sun."}\n' >usual.jsonl
expect 0 "$KOAN" --jsonl -v -fo out.koan usual.jsonl; said '1 records under "response", continuing "prompt"'
expect 0 "$KOAN" --jsonl -v --context-field none -fo out.koan usual.jsonl; said "continuing nothing"
printf '{"a":"b"}\n' >unusual.jsonl
expect_error 2 "say where it is with --field PATH" "$KOAN" --jsonl -c unusual.jsonl
round unusual.jsonl --field a
expect 0 "$KOAN" --jsonl -fo out.koan --field nowhere.at.all unusual.jsonl; said 'no line has a text under "nowhere.at.all"'
expect 0 "$KOAN" -dc out.koan; same .out unusual.jsonl
expect_error 2 "go with --jsonl" "$KOAN" --field a -c unusual.jsonl
expect_error 2 "needs a model: level -3" "$KOAN" -2 --jsonl -c unusual.jsonl

# Lines of every kind come back byte for byte.
{
  printf '{"text":"crlf line"}\r\n'
  printf 'not JSON at all\n'
  printf '\n'
  printf '{"text":""}\n'
  printf '{"other":1}\n'
  printf '{"text":17}\n'
  printf '{"text":"caf\\u00e9 \\ud83d\\ude00 \\/ \\u003c \\b\\f\\n\\r\\t \\"quoted\\" \\\\"}\n'
  printf '{"text":"mixed \\u00e9 and é, \\u00E9"}\n'
  printf '{"text":"lone \\ud83d surrogate"}\n'
  printf '{"text":"broken \\x escape"}\n'
  printf '{"text":"not closed\n'
  printf '{ "text" : "spaces" , "text" : "twice" }  \n'
  printf '  {"a":{"text":"inner"},"text":"outer"}\n'
  printf '["text","array"]\n"text"\nnull\n'
  printf '{"text":"bytes \377\376 that are no UTF-8"}\n'
  printf '{"text":"zero \000 byte"}\n'
  printf '{"text":"'; head -c 9000 "$sample" | tr -d '\n"\\' ; printf '"}\n'
  printf '{"text":"no line end"}'
} >odd.jsonl
round odd.jsonl --field text
lines=$(($(wc -l <odd.jsonl) + 1))
for i in $(seq 1 "$lines"); do
  expect 0 "$KOAN" -dc --lines "$i" out.koan; cmp -s .out <(LC_ALL=C sed -n "${i}p" odd.jsonl) ||
    fail "line $i: $(od -c .out | head -3)"
done
"$KOAN" -dc --lines "1-" out.koan | cmp -s - odd.jsonl || fail "all lines"
round odd.jsonl --field text --context-field other
: >empty.jsonl; round empty.jsonl
printf '\n\n\n' >blank.jsonl; round blank.jsonl --field text
for i in $(seq 1 200); do line "$i" "line $i" "short answer $i"; echo; done >many.jsonl
round many.jsonl --segment-size 1K --field messages.-1.content
expect 0 "$KOAN" -dc --lines 199 out.koan; cmp -s .out <(sed -n 199p many.jsonl) || fail "a late line"
# From a pipe, and to one.
"$KOAN" --jsonl <many.jsonl | "$KOAN" -d | cmp -s - many.jsonl || fail "pipes"
# Damage is noticed in the line that is read.
expect 0 "$KOAN" --jsonl -qfo out.koan plain.jsonl
size=$(stat -c %s out.koan)
for place in $((size / 4)) $((size / 2)); do
  cp out.koan flip.koan
  byte=$(od -An -tu1 -j "$place" -N 1 out.koan)
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x $((byte ^ 16)))" | dd of=flip.koan bs=1 seek="$place" conv=notrunc status=none
  expect 4 "$KOAN" -dc --lines 2 flip.koan
done
clean
