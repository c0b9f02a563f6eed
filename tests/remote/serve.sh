#!/bin/bash
# Live mode: koan ask serve beside a strong model, koan ask run on the other side. Bits are metered, the cap holds after kill -9 and
# restart, nothing is paid for twice, tokens are wanted and stand in no file.
. tests/cli/begin.sh
. "$source_tree/tests/remote/server.sh"
token=token-alice-0123456789
served=
trap '[ -z "$served" ] || kill -9 "$served" 2>/dev/null; finish' EXIT
strong=openai:answers@$url/v1
bits() { awk '{ sum += $3 } END { print sum + 0 }' "${1:-ledger}"; }
spent() { [ "$(bits)" -eq "$1" ] || fail "$(bits) bits in the ledger instead of $1: $(cat ledger)"; }
serve() { # OPTIONS...: the address in $url
  rm -f serve.err   # says that another was listening
  "$KOAN" ask serve --listen 127.0.0.1:0 --ledger ledger "$@" 2>serve.err &
  served=$!
  for _ in $(seq 400); do grep -qs "listening on" serve.err && break; kill -0 $served 2>/dev/null || break; sleep 0.05; done
  url=$(sed -n 's/.*listening on \(http.*\)/\1/p' serve.err)
  [ -n "$url" ] || fail "no server: $(cat serve.err)"
}
stop() { # SIGNAL CODE
  local code
  kill "-$1" $served; wait $served 2>/dev/null; code=$?
  [ $code -eq "$2" ] || fail "the server ended with $code: $(cat serve.err)"
  served=
}
run() { "$KOAN" ask run --json -n 24 --large "serve:$url" --file problem "$@"; }
post() { # PATH TOKEN BODY: the status; the reply in the file `reply`. Without a body: GET
  python3 - "$url$1" "$2" "${3-}" <<'END'
import sys, urllib.error, urllib.request
address, token, body = sys.argv[1:]
request = urllib.request.Request(address, body.encode() or None, {"Content-Type": "application/json", "Authorization": "Bearer " + token})
try:
    reply = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)
except urllib.error.HTTPError as error:
    reply = error
open("reply", "wb").write(reply.read())
print(reply.status)
END
}
endless() { # a body in pieces, of 5 MiB, whose length is not told: the status
  python3 - "${url#http://}" "$token" <<'END'
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=60)
try:
    connection.request("POST", "/v1/decide", (b" " * 65536 for _ in range(80)),
                       {"Content-Type": "application/json", "Authorization": "Bearer " + sys.argv[2]})
except OSError:
    pass  # it is hung up on
print(connection.getresponse().status)
END
}
printf 'A farm has 17 hens and 25 ducks. How many birds are there on the farm?' >problem

# Ten questions, ten bits; the transcript and the ledger each know what was answered.
serve --cap 10 --large "$strong" -v
expect 0 run --transcript run.jsonl; cp .out run.json
[ "$(member run.json questions) $(member run.json bits) $(member run.json mode)" = "10 10.0 live" ] || fail "$(cat run.json)"
spent 10
[ "$(grep -c ' 1 .* yes$' ledger)" -eq 10 ] || fail "$(cat ledger)"
[ "$(grep -c 'all: 1 bit,' serve.err)" -eq 10 ] || fail "$(cat serve.err)"
before=$(requests)
expect 0 run --transcript run.jsonl; same .out run.json
expect 0 run; same .out run.json   # without the transcript: asked again, answered from the ledger
spent 10
printf 'Another problem?' >other
expect_error 7 "the bits of this day (UTC) are spent" "$KOAN" ask run -q -n 24 --large "serve:$url" --file other
[ "$(requests)" -eq "$before" ] || fail "the strong model was asked for bits that are spent"
spent 10

# Killed, and started with the same ledger: the next bit is refused. What was answered is still free.
stop KILL 137
serve --cap 10 --large "$strong"
expect_error 7 "the bits of this day (UTC) are spent" "$KOAN" ask run -q -n 24 --large "serve:$url" --file other
expect 0 run; same .out run.json
expect_error 2 "another server is writing it" "$KOAN" ask serve --cap 10 --listen 127.0.0.1:0 --ledger ledger
stop TERM 0
# A line that was cut off is no bit that left.
head -c -3 ledger >cut; cp cut ledger
serve --cap 10 --large "$strong"
[ "$(wc -l <ledger)" -eq 9 ] || fail "$(cat ledger)"
spent 9
expect 0 run; same .out run.json
[ "$(wc -l <ledger)" -eq 10 ] || fail "$(cat ledger)"
spent 10
stop TERM 0

# A cap of four stops at the fifth question; with a higher one the same command goes on, and pays for the rest alone.
rm ledger
serve --cap 4 --large local:drill-large -n 24
expect_error 7 "the bits of this day (UTC) are spent" run --transcript four.jsonl
spent 4
[ "$(grep -c '"kind":"decision"' four.jsonl)" -eq 4 ] || fail "$(cat four.jsonl)"
expect_error 7 "the bits of this day (UTC) are spent" run --transcript four.jsonl
spent 4
stop TERM 0
serve --cap 100 --total 11 --large local:drill-large -n 24
expect 0 run --transcript four.jsonl; cp .out four.json
spent 10
expect 0 run; same .out four.json
expect 0 "$KOAN" ask show four.jsonl

# The answer is that of both sides in one process, and so is every decision.
decisions() { python3 -c 'import json, sys; print([[d["about"], d["means"]] for d in json.load(open(sys.argv[1]))["decisions"]])' "$1"; }
expect 0 "$KOAN" ask run --json -n 24 --large local:drill-large --file problem; cp .out both.json
[ "$(member both.json answer)" = "$(member four.json answer)" ] || fail "$(cat both.json four.json)"
[ "$(decisions both.json)" = "$(decisions four.json)" ] || fail "$(cat both.json four.json)"

# A verdict is a bit, here the last of --total; decisions that a server does not make are refused before anything is sent.
"$KOAN" ask run --json -n 8 --protocol demo --large "serve:$url" --file other --transcript demo.jsonl >demo.json 2>demo.err
code=$?
spent 11
[ "$(grep -c '"label":"verdict"' demo.jsonl)" -eq 1 ] || fail "$(cat demo.jsonl)"
# Right ends it; wrong leads to questions, which --total does not pay for.
if grep '"label":"verdict"' demo.jsonl | grep -q '"symbol":0'; then wanted=0; else wanted=7; fi
[ $code -eq $wanted ] || fail "exit $code instead of $wanted: $(cat demo.err)"
stop TERM 0
for protocol in iterative select oracle10; do
  expect_error 2 "decisions on answers and verdicts alone" run --protocol $protocol
done
expect_error 2 "is for run" "$KOAN" ask send -n 8 --large "serve:$url" --file problem -o x.ask
expect_error 2 "in the clear" "$KOAN" ask run --large serve:http://example.com --file problem
expect_error 6 "127.0.0.1" run --retries 0
expect_error 2 "in the clear" "$KOAN" ask serve --cap 1 --listen 0.0.0.0:0 --ledger x.log --large local:drill-large
expect 2 "$KOAN" ask serve --listen 127.0.0.1:0
for cap in -1 1.5 many; do expect_error 2 "--cap" "$KOAN" ask serve --cap $cap --listen 127.0.0.1:0 --ledger x.log; done
said "--help"

# Killed in the middle: the client goes on with its transcript, and nothing is asked or paid for twice.
until_spent() { for _ in $(seq 400); do [ "$(bits)" -ge "$1" ] && return; sleep 0.05; done; fail "no $1 bits: $(cat serve.err)"; }
thinker=openai:thinker@$(head -n 1 log)/v1
rm ledger
serve --cap 10 --large "$thinker" --no-cache
before=$(requests)
(exec "$KOAN" ask run --json -n 24 --large "serve:$url" --file problem --transcript killed.jsonl) >/dev/null 2>&1 &
client=$!
until_spent 3
kill -9 $client; wait $client 2>/dev/null
grep -q '"kind":"result"' killed.jsonl && fail "the client was not killed in the middle"
expect 0 run --transcript killed.jsonl; cp .out killed.json
spent 10
[ $(($(requests) - before)) -eq 11 ] || fail "$(($(requests) - before)) requests to the strong model instead of 11"
# The server too, and one with the same ledger at the same address: the client asks again until it is there.
stop TERM 0
rm ledger
serve --cap 10 --large "$thinker" --no-cache
before=$(requests)
run >waited.json 2>waited.err &
client=$!
until_spent 3
stop KILL 137
serve --listen "${url#http://}" --cap 10 --large "$thinker" --no-cache
wait $client || fail "$(cat waited.err)"
same waited.json killed.json
spent 10
expect_error 7 "the bits of this day (UTC) are spent" "$KOAN" ask run -q -n 24 --large "serve:$url" --file other
stop TERM 0

# Tokens.
rm ledger
hash_of() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }
printf '# the clients\nalice %s\nbob %s\n' "$(hash_of "$token")" "$(hash_of token-bob-0123456789)" >clients
serve --cap 10 --clients clients --large "$strong" -v
expect_error 6 "HTTP 401" run
said "KOAN_ASK_TOKEN"
KOAN_ASK_TOKEN=token-mallory-0123456789 expect_error 6 "HTTP 401" run
spent 0
KOAN_ASK_TOKEN=$token expect 0 run --transcript tokens.jsonl
spent 10
grep -q "^[-0-9]* alice 1 " ledger || fail "$(cat ledger)"
# By hand: requests that are none, and replies of one length.
question='{"version":1,"problem":"p","attempt":"a","question":"Is it new?"}'
statuses=$(post /v1/decide "" "$question"; post /v1/other "$token" "$question"; post /v1/decide "$token"; post /v1/decide "$token" "$question")
[ "$(echo $statuses)" = "401 404 404 429" ] || fail "statuses $statuses: $(cat reply)"
[ "$(cat reply)" = '{"error":"the bits of the day are spent"}' ] || fail "$(cat reply)"
wrong() { # BODY TEXT: 400, which says TEXT
  [ "$(post /v1/decide "$token" "$1")" = 400 ] || fail "not 400: $(cat reply)"
  grep -qF "$2" reply || fail "$(cat reply)"
}
wrong '{}' "'version' is missing"
wrong "${question/'"Is it new?"'/7}" "'question' is not a string"
wrong "${question/Is it new/What is it}" "'question' is not a yes/no question"
wrong "${question/attempt/guess}" "'attempt' is missing"
spent 10
# A body without an end is not kept.
[ "$(endless)" = 413 ] || fail "a body without an end is taken"
# Two clients at once, each of them twice: each pays with bits of its own, and once.
pids=
for i in 1 2; do
  KOAN_ASK_TOKEN=$token run >alice.$i 2>>at_once.err & pids+=" $!"
  KOAN_ASK_TOKEN=token-bob-0123456789 run >bob.$i 2>>at_once.err & pids+=" $!"
done
for pid in $pids; do wait "$pid" || fail "$(cat at_once.err)"; done
for name in alice.2 bob.1 bob.2; do same alice.1 $name; done
[ "$(grep -c ' alice 1 ' ledger) $(grep -c ' bob 1 ' ledger) $(wc -l <ledger)" = "10 10 20" ] || fail "$(cat ledger)"
stop TERM 0
grep -r -l -e "$token" -e mallory -e token-bob -e sk-openai "$work" && fail "a token is in a file"
absent x.ask x.log
clean
