#!/bin/bash
# koan ask: both sides, file mode on several instruction sets and threads, transcripts that go on after kill -9, errors.
. tests/cli/begin.sh
tiny=local:$source_tree/tests/golden/models/tiny.gguf
problem="A farmer has 17 sheep and buys 5 more. How many sheep are there?"
printf '%s\n' "$problem" >problem.txt
ask() { "$KOAN" ask "$@"; }

# Offline, with the embedded pair; it says how little it knows, and other embedded models that they know nothing.
expect 0 ask run -n 24 "$problem"; cp .out answer
said "batch10@drill: 10 questions, 10 decisions"; said "was taught word problems"
expect 0 ask run -q -n 24 --file problem.txt; same .out answer; silent
ask run -q -n 24 <problem.txt | cmp -s - answer || fail "from stdin"
expect 0 ask run -n 8 --small local:nano --large local:small "$problem"; said "batch10: 10 questions"; said "never taught to answer"

# File mode: what is sent is as long as it says, and leads to the same answer.
expect 0 ask send -n 24 "$problem" -o a.koan --transcript sent.jsonl; same .out answer
expect 0 ask send -n 24 "$problem" -T 1 -o b.koan; same a.koan b.koan
size=$(stat -c %s a.koan)
[ "$size" -le 24 ] || fail "the ask file has $size bytes"
expect 0 ask run --json -n 24 "$problem"; cp .out run.json
[ "$(member run.json payload_bytes)" -le 2 ] || fail "payload of $(member run.json payload_bytes) bytes"
[ "$(member run.json file_bytes)" -eq "$size" ] || fail "file_bytes is not the length of the file"
[ "$(member run.json questions)" -eq 10 ] || fail "not ten questions"
expect 0 ask receive "$problem" a.koan; same .out answer
expect 0 env KOAN_ISA=scalar "$KOAN" ask receive -q -T 1 --file problem.txt a.koan; same .out answer

# Every protocol, on every instruction set there is, with one thread and with two: the same bytes and the same answer.
printf '22' >gold
for protocol in batch10 iterative 2x5 demo select chosen oracle10; do
  gold=(); [ $protocol = oracle10 ] && gold=(--gold gold)
  expect 0 ask send -q -n 12 --small "$tiny" --large "$tiny" --protocol $protocol --seed 3 "${gold[@]}" "$problem" -o $protocol.koan
  cp .out $protocol.answer
  for isa in scalar avx2 avxvnni vnni amx; do
    # One that this machine lacks is left out; scalar is everywhere.
    KOAN_ISA=$isa "$KOAN" generate -n 1 --model nano x >/dev/null 2>&1 || { [ $isa != scalar ] && continue; fail "no scalar"; }
    for threads in 1 2; do
      expect 0 env KOAN_ISA=$isa "$KOAN" ask receive -q -T $threads --small "$tiny" "$problem" $protocol.koan
      same .out $protocol.answer
    done
  done
  expect 0 env KOAN_ISA=scalar "$KOAN" ask send -q -T 2 -n 12 --small "$tiny" --large "$tiny" --protocol $protocol --seed 3 "${gold[@]}" "$problem" -o again.koan -f
  same again.koan $protocol.koan
done
expect 0 ask receive --small "$tiny" "$problem" oracle10.koan; said "oracle"

# Two models, each found by its hash.
expect 0 ask send -q -n 8 --questioner local:small "$problem" -o two.koan; cp .out two.answer
expect 0 ask receive -q "$problem" two.koan; same .out two.answer
expect_error 5 "hash of the questioner's model" ask receive --questioner local:nano "$problem" two.koan

# The near side keeps a transcript too, and goes on from it.
expect 0 ask receive -q "$problem" a.koan --transcript received.jsonl; same .out answer
head -n 5 received.jsonl >part.jsonl; printf '{"kind":"rep' >>part.jsonl
expect 0 ask show part.jsonl; grep -q "Not finished" .out || fail "show: $(cat .out)"
expect 0 ask receive -q "$problem" a.koan --transcript part.jsonl; same .out answer; same part.jsonl received.jsonl

# What does not fit is said; nothing is printed.
expect_error 5 "hash of the solver's model" ask receive --small local:small "$problem" a.koan; [ ! -s .out ] || fail "an answer"
expect_error 2 "not the problem that the ask file answers" ask receive "$problem Please." a.koan
printf 'K?\002' >newer.koan; tail -c +4 a.koan >>newer.koan
expect_error 5 "format version 2" ask receive "$problem" newer.koan
python3 - <<'PY'
data = bytearray(open("a.koan", "rb").read())
data[10] ^= 255
open("protocol.koan", "wb").write(data)
data[10] ^= 255
data[-8] ^= 1
open("damaged.koan", "wb").write(data)
data[-8] ^= 1
data[-1] ^= 1
open("other.koan", "wb").write(data)
PY
expect_error 5 "no protocol whose hash" ask receive "$problem" protocol.koan
expect_error 4 "check does not match" ask receive "$problem" damaged.koan
expect_error 8 "not the sender's" ask receive -q "$problem" other.koan; [ ! -s .out ] || fail "a wrong answer came out"
head -c 5 a.koan >short.koan
expect_error 4 "ends early" ask receive "$problem" short.koan
expect_error 4 "does not begin with" ask receive "$problem" problem.txt
expect_error 3 "missing.koan" ask receive "$problem" missing.koan
expect_error 2 "already exists" ask send -n 8 "$problem" -o a.koan
expect_error 2 "neither embedded" ask run --small nothing-of-that-name "$problem"
expect_error 2 "there is no protocol 'batch11'" ask run --protocol batch11 "$problem"
expect_error 2 "needs the reference answer" ask run --protocol oracle10 "$problem"
expect_error 2 "takes no reference answer" ask run --gold gold "$problem"
expect_error 2 "the problem is empty" ask run ""</dev/null
expect_error 2 "not run, send" ask "$problem"
expect 2 ask
expect 0 ask --help
expect 0 ask protocols; grep -q '^chosen ' .out || fail "protocols: $(cat .out)"

# Killed at any moment, the same command goes on: what was there stays, and the end is the same.
for delay in 0.05 0.2 0.4 0.7 1 1.5; do
  cp killed.jsonl before 2>/dev/null || : >before
  { timeout -s KILL $delay "$KOAN" ask send -q -n 24 "$problem" -o killed.koan --transcript killed.jsonl >/dev/null; } 2>/dev/null
  [ -e killed.jsonl ] || continue
  complete=$(python3 -c 'print(open("before", "rb").read().rfind(b"\n") + 1)')
  cmp -s -n "$complete" before killed.jsonl || fail "a line changed"
  [ -e killed.koan ] && break
done
rm -f killed.koan .koan-tmp-*  # of the ones that were killed
expect 0 ask send -q -n 24 "$problem" -o killed.koan --transcript killed.jsonl
same killed.koan a.koan; same killed.jsonl sent.jsonl; same .out answer
expect_error 2 "'seed' differs" ask run --seed 1 -n 24 --transcript sent.jsonl "$problem"

# Asked to stop, it stops within a reply and leaves no file but the transcript.
KOAN_ISA=scalar "$KOAN" ask send -q --protocol select "$problem" -o stopped.koan --transcript stopped.jsonl >/dev/null 2>.err & pid=$!
sleep 0.5; kill -TERM $pid; wait $pid
[ $? -eq 130 ] || fail "not stopped by a signal: $(cat .err)"
absent stopped.koan

# For readers.
expect 0 ask show sent.jsonl; grep -q "bits  answer: " .out || fail "show: $(cat .out)"
expect 0 ask show --html -o page.html sent.jsonl; grep -q '</html>' page.html || fail "no page"
expect_error 2 "already exists" ask show --html -o page.html sent.jsonl
expect_error 4 "problem.txt" ask show problem.txt
clean
