# Sourced behind tests/cli/begin.sh: the scripted server, its address in $url, what it is asked in `log`.
: "${SERVER:?the scripted server}"
export OPENAI_API_KEY=sk-openai-0123456789 ANTHROPIC_API_KEY=sk-anthropic-9876543210
mkfifo pipe
"$SERVER" <pipe >log &
exec 3>pipe   # the server ends when this shell does
for _ in $(seq 100); do [ -s log ] && break; sleep 0.05; done
url=$(head -n 1 log)
[ -n "$url" ] || fail "the server does not start"
requests() { echo $(($(wc -l <log) - 1)); }
