#!/bin/bash
# Modes and times, quiet and verbose, JSON, pipes that close.
. tests/cli/begin.sh
head -c 5000 "$sample" >a

chmod 640 a; touch -d '2001-02-03 04:05:06.789' a
expect 0 "$KOAN" a
[ "$(stat -c '%a %y' a)" = "$(stat -c '%a %y' a.koan)" ] || fail "mode or time of a.koan: $(stat -c '%a %y' a.koan)"
expect 0 "$KOAN" -d -o b a.koan
[ "$(stat -c '%a %y' a)" = "$(stat -c '%a %y' b)" ] || fail "mode or time of b"
(umask 027; "$KOAN" -q -o fromstdin.koan <<<"text") || fail "stdin"
[ "$(stat -c %a fromstdin.koan)" = 640 ] || fail "a file made from a pipe has mode $(stat -c %a fromstdin.koan)"

expect 0 "$KOAN" -qf a; silent
expect 0 "$KOAN" -f a; [ "$(wc -l <.err)" = 1 ] || fail "one line a file"
expect 0 "$KOAN" -vf a; said "ideal code length"; said "koan-"
expect 0 "$KOAN" -c a; silent
expect 0 "$KOAN" -vc a; said "stdout"
# No progress line where stderr is no terminal.
! grep -q $'\r' .err || fail "progress in a file"

# JSON on stdout; on stderr when stdout carries data.
json_ok() { if command -v python3 >/dev/null; then python3 -m json.tool "$1" >/dev/null || fail "no JSON: $(cat "$1")"; fi; }
expect 0 "$KOAN" --json -f a; silent; json_ok .out; grep -q '"raw_bytes": 5000' .out || fail "json: $(cat .out)"
expect 0 "$KOAN" --json -c a; json_ok .err; "$KOAN" -d <.out | cmp -s - a || fail "data with --json"
expect 0 "$KOAN" --json -df -o b a.koan; json_ok .out; grep -q '"output": "b"' .out || fail "json: $(cat .out)"
expect 0 "$KOAN" test --json a.koan; json_ok .out; grep -q '"ok": true' .out || fail "json: $(cat .out)"
expect 0 "$KOAN" list --json a.koan; json_ok .out; grep -q '"method": "model"' .out || fail "json: $(cat .out)"
expect 0 "$KOAN" models --json; json_ok .out; grep -q '"embedded": true' .out || fail "json: $(cat .out)"
head -c 100 a.koan >cut.koan
expect 4 "$KOAN" test --json cut.koan; json_ok .out; grep -q '"code": "corrupt"' .out || fail "json: $(cat .out)"
cp a $'\xff\xfe'
expect 0 "$KOAN" --json -- $'\xff\xfe'; json_ok .out

# A reader that goes away ends koan without a word.
head -c 60000 "$sample" >large
"$KOAN" -q --segment-size 1K -1 large -o large.koan || fail "large"
"$KOAN" -dc large.koan 2>err | head -c 10 >/dev/null
codes=("${PIPESTATUS[@]}")
[ "${codes[0]}" -eq 141 ] || [ "${codes[0]}" -eq 0 ] || fail "closed pipe: exit ${codes[0]}"
[ ! -s err ] || fail "closed pipe: $(cat err)"
# A closed stdout or stdin is an error, not lost data.
"$KOAN" -c a >&- 2>err; [ $? -eq 3 ] || fail "closed stdout: $(cat err)"
"$KOAN" -c <&- >out 2>err; [ $? -eq 3 ] || fail "closed stdin: $(cat err)"
clean
