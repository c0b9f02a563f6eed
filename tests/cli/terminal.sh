#!/bin/bash
# Terminals: no compressed bytes to or from one; progress only there.
. tests/cli/begin.sh
command -v script >/dev/null || { echo "SKIPPED: needs script(1), package bsdutils"; exit 77; }
head -c 6000 "$sample" >a
"$KOAN" -q a || fail "compress"
# On a terminal of its own; script passes the exit code on.
on_terminal() { script -qec "$1" typescript </dev/null >/dev/null; }

on_terminal "'$KOAN' -c a"; [ $? -eq 2 ] || fail "wrote to a terminal"
grep -q 'not written to a terminal' typescript || fail "$(cat typescript)"
on_terminal "'$KOAN' <a"; [ $? -eq 2 ] || fail "filter to a terminal"
on_terminal "'$KOAN'"; [ $? -eq 2 ] || fail "koan alone"
on_terminal "'$KOAN' -cf a"; [ $? -eq 0 ] || fail "-f writes to a terminal"
on_terminal "'$KOAN' -d >out"; [ $? -eq 2 ] || fail "read from a terminal"
grep -q 'not read from a terminal' typescript || fail "$(cat typescript)"
on_terminal "'$KOAN' -t"; [ $? -eq 2 ] || fail "test from a terminal"
on_terminal "'$KOAN' -l"; [ $? -eq 2 ] || fail "list from a terminal"
on_terminal "'$KOAN' -dc a.koan"; [ $? -eq 0 ] || fail "text to a terminal"
grep -q "$(head -n 1 a | cut -c 1-20)" typescript || fail "text to a terminal: $(head -c 200 typescript)"
! grep -q 'KB/s' typescript || fail "progress amid text"

head -c 50000 "$sample" >large
on_terminal "'$KOAN' -f --segment-size 2K large"; [ $? -eq 0 ] || fail "compress on a terminal"
grep -q 'KB/s' typescript || fail "no progress on a terminal: $(cat -v typescript)"
grep -q 'ETA' typescript || fail "no ETA"
for flag in -q --no-progress; do
  on_terminal "'$KOAN' $flag -f --segment-size 2K large"
  ! grep -q 'KB/s' typescript || fail "progress in spite of $flag"
done
clean
