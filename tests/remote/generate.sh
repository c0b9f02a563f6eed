#!/bin/bash
# koan generate with remote models, against a scripted server of both interfaces: replies, settings, retries, budget, cache, transcript,
# certificates, configuration, and that no key stays anywhere.
. tests/cli/begin.sh
: "${SERVER:?the scripted server}"
export OPENAI_API_KEY=sk-openai-0123456789 ANTHROPIC_API_KEY=sk-anthropic-9876543210

start() { # NAME CERTIFICATE DESCRIPTOR: the server's address in $url, its requests in $work/NAME.log
  mkfifo "$work/$1.pipe"
  "$SERVER" ${2:+"$2"} <"$work/$1.pipe" >"$work/$1.log" &
  eval "exec $3>\"\$work/$1.pipe\""   # the server ends when this shell does
  for _ in $(seq 100); do [ -s "$work/$1.log" ] && break; sleep 0.05; done
  url=$(head -n 1 "$work/$1.log")
  [ -n "$url" ] || fail "the server does not start"
}
requests() { echo $(($(wc -l <"$work/$1.log") - 1)); }
made() { [ "$(requests plain)" -eq "$1" ] || fail "$(requests plain) requests instead of $1"; }
last() { tail -n 1 "$work/plain.log"; }
prints() { [ "$(cat "$work/.out")" = "$1" ] || fail "printed: $(cat "$work/.out")"; }
generate() { "$KOAN" generate "$@"; }
field() { python3 -c 'import json, sys; print(json.loads(sys.stdin.readlines()[int(sys.argv[2])])[sys.argv[1]])' "$1" "${2:-0}" <"$work/.out"; }

start plain "" 3; plain=$url
openai=openai:echo@$plain/v1 anthropic=anthropic:echo@$plain

# Both interfaces; what is asked for is what is sent.
expect 0 generate -m "$openai" "Hello"; prints "You said: Hello"; silent; made 1
[[ $(last) == '/v1/chat/completions key {"model":"echo","messages":[{"role":"user","content":"Hello"}],"max_tokens":256,"temperature":1.0,'* ]] || fail "sent: $(last)"
expect 0 generate --model "$anthropic" --system "Be brief" --temperature 0.7 -n 9 --stop END --stop . "Hello"; prints "You said: Hello"; made 2
[ "$(last)" = '/v1/messages key {"model":"echo","max_tokens":9,"system":"Be brief","messages":[{"role":"user","content":"Hello"}],"temperature":0.7,"stop_sequences":["END","."],"stream":true}' ] || fail "sent: $(last)"

# The same request is not sent again, another seed is.
expect 0 generate -m "$openai" "Hello"; prints "You said: Hello"; made 2
expect 0 generate -m "$openai" --json "Hello"; made 2
[ "$(field cached) $(field prompt_tokens) $(field tokens) $(field finish_reason) $(field model)" = "True 12 4 end $openai" ] || fail "$(cat .out)"
expect 0 generate -m "$openai" --seed 1 "Hello"; made 3
expect 0 generate -m "$openai" --no-cache "Hello"; made 4

# Several prompts, in order, each with a seed of its own; from stdin and a file.
printf '{"prompt": "one"}\n{"prompt": "two"}\n{"prompt": "one"}\n' >in.jsonl
expect 0 generate -m "$openai" --jsonl in.jsonl; made 7
[ "$(field text 0)/$(field text 1)/$(field text 2)/$(field seed 2)" = "You said: one/You said: two/You said: one/2" ] || fail "$(cat .out)"
printf 'from a file' >prompt
expect 0 generate -m "$anthropic" --file prompt; prints "You said: from a file"
expect 0 generate -m "$anthropic" <prompt; prints "You said: from a file"; made 8

# What passes is asked again; what does not, is not.
for kind in openai anthropic; do
  base=$plain; [ $kind = anthropic ] || base=$plain/v1
  before=$(requests plain)
  expect 0 generate -m $kind:busy@$base "Hello"; prints "You said: Hello"; made $((before + 2))
  expect 0 generate -m $kind:cut@$base "Hello"; prints "You said: Hello"; made $((before + 4))
  expect_error 6 "You have no money left" generate -m $kind:poor@$base "Hello"; made $((before + 5))
  expect_error 6 "not like this" generate -m $kind:inside@$base "Hello"; made $((before + 6))
  expect_error 6 "Wrong key: " generate -m $kind:leak@$base "Hello"; made $((before + 7))
  said "[key]"
  expect_error 6 "HTTP 404 (not_found_error)" generate -m $kind:echo@$base/nowhere "Hello"; made $((before + 8))
  expect_error 6 "later" generate -m $kind:busy@$base --retries 0 "Hello again"; made $((before + 9))
done

# How probable answers are.
expect 0 generate -m openai:logprobs@$plain/v1 --choice yes --choice no "Is it?"
[ "$(wc -l <.out)" -eq 2 ] && [[ $(head -n 1 .out) == "0.817574  yes" ]] || fail "choices: $(cat .out)"
expect_error 2 "gives no probabilities" generate -m "$openai" --choice yes --choice no "Is it?"
expect_error 2 "gives no probabilities" generate -m "$anthropic" --choice yes --choice no "Is it?"

# A budget refuses before a request is made.
before=$(requests plain)
expect_error 7 "the budget of tokens could be exceeded" generate -m "$openai" --budget-tokens 100 "Something new"; made "$before"
said "--budget-tokens"
expect_error 2 "has no prices" generate -m "$openai" --budget 1 "Something new"; made "$before"

# The configuration.
mkdir -p .config/koan
cat >.config/koan/config.toml <<END
[endpoints.mine]
kind = "openai"
model = "echo"
url = "$plain/v1"
key_env = "MY_KEY"
input_price = 1000
output_price = 1000
[endpoints.here]
kind = "local"
model = "nano"
END
MY_KEY=sk-mine-0123456789 expect 0 generate -m mine --budget 1 "Hello, mine"; prints "You said: Hello, mine"; made $((before + 1))
MY_KEY=sk-mine-0123456789 expect_error 7 "the budget of money" generate -m mine --budget 0.1 "Hello again"; made $((before + 1))
MY_KEY= expect 0 generate -m mine "No key"; [[ $(last) == "/v1/chat/completions - "* ]] || fail "sent: $(last)"
expect 0 generate -m here -n 4 "Once upon a time"; cp .out here
expect 0 generate -m local:nano -n 4 "Once upon a time"; same .out here
expect 0 generate -m nano -n 4 "Once upon a time"; same .out here
printf '[endpoints.mine]\nkind = "openai"\nmodel = "echo"\nkey = "x"\n' >.config/koan/config.toml
expect_error 2 "config.toml:4: unknown field 'key' in endpoints.mine" generate -m mine "Hello"
rm .config/koan/config.toml

# Certificates: only what the configuration trusts.
start tls "$work/server.pem" 4; tls=$url
start other "$work/other.pem" 5
trusting() { printf '[endpoints.secure]\nkind = "anthropic"\nmodel = "echo"\nurl = "%s"\nca_file = "%s"\n' "$tls" "$1" >.config/koan/config.toml; }
trusting "$work/server.pem"; expect 0 generate -m secure "Hello"; prints "You said: Hello"
[ "$(requests tls)" -eq 1 ] || fail "no request came through TLS"
expect_error 6 "certificate" generate -m "anthropic:echo@$tls" "Hello, stranger"
trusting "$work/other.pem"; expect_error 6 "certificate" generate -m secure "Hello, other"
[ "$(requests tls)" -eq 1 ] || fail "a server that is not trusted was sent something"
rm .config/koan/config.toml

# Killed in the middle, a list goes on where it was: at most the calls in flight are made again.
printf '[endpoints.slow]\nkind = "openai"\nmodel = "slow"\nurl = "%s/v1"\nconcurrency = 1\n' "$plain" >.config/koan/config.toml
for i in 1 2 3 4; do printf '{"prompt": "long %s"}\n' $i; done >long.jsonl
wait_for() { for _ in $(seq 200); do [ "$(requests plain)" -ge "$1" ] && return; sleep 0.02; done; fail "no $1 requests"; }
before=$(requests plain)
"$KOAN" generate -m slow --jsonl long.jsonl >killed 2>err & pid=$!
wait_for $((before + 3)); kill -9 $pid; wait $pid 2>/dev/null
expect 0 generate -m slow --jsonl long.jsonl; [ "$(field text 3)" = "You said: long 4" ] || fail "$(cat .out)"
[ "$(requests plain)" -le $((before + 5)) ] || fail "$(($(requests plain) - before)) requests for 4 prompts, one of them killed"
before=$(requests plain)
env --default-signal=INT "$KOAN" generate -m slow "Never mind" >killed 2>err & pid=$!
wait_for $((before + 1)); kill -INT $pid; wait $pid; code=$?
[ $code -eq 130 ] && grep -q interrupted err || fail "exit $code: $(cat err)"
tail -n 1 .local/state/koan/remote.jsonl | grep -q '"error":"given up: interrupted"' || fail "$(tail -n 1 .local/state/koan/remote.jsonl)"
rm .config/koan/config.toml

# What is wrong is said, and nothing is sent.
before=$(requests plain)
expect_error 2 "--top-k is for models that run here" generate -m "$openai" --top-k 3 "Hello"
expect_error 2 "--batch is for models that run here" generate -m "$openai" --batch 2 "Hello"
expect_error 2 "--raw is for models that run here" generate -m "$anthropic" --raw "Hello"
expect_error 2 "--retries is for remote models" generate -m nano --retries 3 "Hello"
expect_error 2 "temperatures up to 1" generate -m "$anthropic" --temperature 1.5 "Hello"
expect_error 2 "in the clear" generate -m openai:m@http://example.com/v1 "Hello"
expect_error 2 "no model is named" generate -m openai: "Hello"
OPENAI_API_KEY= expect_error 2 "OPENAI_API_KEY is not set" generate -m openai:m "Hello"
OPENAI_API_KEY=short expect_error 2 "OPENAI_API_KEY: a key has 8" generate -m openai:m "Hello"
expect_error 3 "no/where.jsonl" generate -m "$openai" --calls no/where.jsonl "Hello"
made "$before"

# The transcript has every call; the key is in no file but the environment of this script.
log=.local/state/koan/remote.jsonl
python3 - "$log" <<'PY' || fail "transcript: $(tail -n 3 "$log")"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert all(set(line) == {"time", "endpoint", "request", "seed", "reply", "error", "usage", "attempts", "cached"} for line in lines)
assert sum(line["cached"] for line in lines) == 5, sum(line["cached"] for line in lines)
assert {line["attempts"] for line in lines} == {0, 1, 2}
assert any(line["error"] and "[key]" in line["error"] for line in lines)
assert lines[0]["usage"] == {"input_tokens": 12, "output_tokens": 4} and lines[0]["reply"]["text"] == "You said: Hello"
PY
expect 0 generate -m "$openai" --calls mine.jsonl "My key is $OPENAI_API_KEY"; prints "You said: My key is [key]"
grep -q '\[key\]' mine.jsonl || fail "transcript: $(cat mine.jsonl)"
grep -qF sk-openai-0123456789 plain.log || fail "the server was not sent the prompt"
if grep -rlF -e sk-openai-0123456789 -e sk-anthropic-9876543210 -e sk-mine-0123456789 --exclude plain.log --exclude '*.pipe' --devices=skip "$work"; then fail "a key is in a file"; fi
[ "$(stat -c %a "$log")" = 600 ] || fail "anybody may read the transcript"
clean
