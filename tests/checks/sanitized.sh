#!/bin/bash
# The unit tests again, and the koan program on small files, in the build with address and undefined-behaviour sanitizers.
set -u
build=${KOAN_OTHER_BUILDS:+$KOAN_OTHER_BUILDS/sanitize}
if [ -z "$build" ] || [ ! -f "$build/CTestTestfile.cmake" ]; then
  echo "SKIPPED: no sanitizer build (./check makes one)"
  exit 77
fi
bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Every program once, not once a test as ctest has it: a thousand starts under a sanitizer take minutes.
# Without those that run networks or context mixing for seconds even in a release build: here it would be minutes. The
# round trips below stand for them.
for program in "$build"/*_test; do
  case $program in
    */gold_test | */golden_test) continue ;;  # no unit tests, and not part of what ./check builds there
    */codec_test)
      without='CodecTest.*:EmbeddedModel*:CApi*:Levels*:Routing*:Records*:LineAccess*:*/DamageTest.*:Cm.RoundTrips*:CmRun.*'
      without+=:CmSegment.IsChosen*:TokenStepTest.DecisionsAddUp*:TokenCoderTest.BytesDoNotDepend*:AdapterExactTest.Threads*:DamageOfParts.* ;;
    */runs_test) without='Runner.GoesOn*:Runner.Shards*:Runner.ResultsDoNot*:Estimate.OfAnExactSmallModel' ;;
    */model_test) without=Convert.CostsNextToNothing ;;
    *) without= ;;
  esac
  started=$SECONDS
  if "$program" --gtest_brief=1 --gtest_filter="*-$without" >"$work/out" 2>&1; then
    echo "ok: ${program##*/}, $((SECONDS - started)) s: $(grep -o '[0-9]* tests\? from .* ran' "$work/out")"
  else
    echo "FAIL: $program"; tail -n 100 "$work/out"; bad=1
  fi
done

koan=$build/koan
head -c 1300 examples/sample.txt >"$work/text"
{ head -c 400 examples/sample.txt | sed 's/$/\r/'; head -c 5000 /dev/zero; head -c 300 "$koan"; } >"$work/mixed"
head -c 100 examples/sample.txt >"$work/message"
: >"$work/empty"
# An exit code of koan's own means that no sanitizer spoke.
run() { # wanted code, arguments
  local wanted=$1 code
  shift
  "$koan" "$@" >"$work/out" 2>"$work/err"
  code=$?
  if [ $code -ne "$wanted" ] || grep -qE 'Sanitizer|runtime error' "$work/err"; then
    echo "FAIL: exit $code instead of $wanted: koan $*"; head -n 40 "$work/err"; bad=1
  fi
}
for input in text mixed message empty; do
  run 0 compress --segment-size 1K -T2 -f -o "$work/koan" "$work/$input"
  # Which also compares two levels of optimisation: docs/numerics.md.
  "$KOAN" compress -q --segment-size 1K -c "$work/$input" | cmp -s - "$work/koan" || { echo "FAIL: $input: other bytes than the release build's"; bad=1; }
  run 0 -dc -T2 "$work/koan"
  cmp -s "$work/out" "$work/$input" || { echo "FAIL: $input comes back differently"; bad=1; }
  run 0 list -v "$work/koan"
  size=$(stat -c %s "$work/koan")
  for length in 1 $((size / 3)) $((size - 1)); do
    head -c "$length" "$work/koan" >"$work/cut"
    run 4 test "$work/cut"
  done
  { head -c $((size / 2)) "$work/koan"; printf '\x55\xaa'; tail -c +$((size / 2 + 3)) "$work/koan"; } >"$work/changed"
  run 4 test "$work/changed"
done
run 0 models
run 0 models --json models/nano.gguf
exit $bad
