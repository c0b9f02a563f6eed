#!/bin/bash
# Ctrl-C, termination and kill -9 in the middle: nothing under the final name, and no temporary file where we could still act.
. tests/cli/begin.sh
for _ in $(seq 60); do cat "$sample"; done >large
cp "$sample" part
"$KOAN" -q part || fail "compress"
for _ in $(seq 60); do cat part.koan; done >back.koan

wait_for_temporary() { # until work has begun
  for _ in $(seq 100); do
    [ -z "$(find . -maxdepth 1 -name '.koan-tmp-*')" ] || return 0
    sleep 0.05
  done
  fail "koan did not start"
}
ended_with() { # pid, code
  local code
  wait "$1"; code=$?
  [ $code -eq "$2" ] || fail "exit $code instead of $2"
}
# Bash starts background jobs with SIGINT ignored; Ctrl-C at a terminal reaches a program that has the default.
start() { env --default-signal=INT "$KOAN" -T1 "$@" 2>err & pid=$!; }

for signal in INT TERM; do
  start large
  wait_for_temporary; sleep 0.3
  kill -$signal $pid; ended_with $pid 130
  grep -q interrupted err || fail "$signal: $(cat err)"
  absent large.koan; clean
done
start -d back.koan
wait_for_temporary; sleep 0.3
kill -INT $pid; ended_with $pid 130
absent back; clean

# Several files: the rest is not begun.
cp large second
start large second
wait_for_temporary; kill -INT $pid; ended_with $pid 130
absent large.koan second.koan; clean

# Waiting for input that does not come.
mkfifo pipe
env --default-signal=INT "$KOAN" -o piped.koan <pipe 2>err & pid=$!
exec 9>pipe
wait_for_temporary; sleep 0.2
kill -INT $pid; ended_with $pid 130
exec 9>&-
absent piped.koan; clean

# Twice at once.
start large
wait_for_temporary
kill -INT $pid; kill -INT $pid 2>/dev/null; ended_with $pid 130
absent large.koan; clean

# Without a chance to act: the final name stays free, and a later run works.
start part -f -o part2.koan
sleep 0.1; kill -9 $pid; wait $pid 2>/dev/null
start large
wait_for_temporary; sleep 0.2
kill -9 $pid; wait $pid 2>/dev/null
absent large.koan
echo old >keep.koan
start -f -o keep.koan large
sleep 1; kill -9 $pid; wait $pid 2>/dev/null
[ "$(cat keep.koan)" = old ] || fail "kill -9 destroyed the old file"
rm -f .koan-tmp-*
expect 0 "$KOAN" -f part
clean
