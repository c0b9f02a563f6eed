#!/bin/bash
# The same input gives the same bytes with every instruction set of this machine, any number of threads and streams, g++ and clang,
# optimised or not; and what one writes every other one reads.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0 compared=0
fail() { echo "FAIL: $*"; bad=1; }

declare -A builds=([release]=$KOAN)
for other in clang debug; do
  program=${KOAN_OTHER_BUILDS:+$KOAN_OTHER_BUILDS/$other/koan}
  if [ -n "$program" ] && [ -x "$program" ]; then builds[$other]=$program; else echo "SKIPPED: no $other build (./check --slow makes all)"; fi
done

# Text in several segments; text with bytes that are no UTF-8, and with line ends of another system.
head -c 4500 examples/sample.txt >"$work/text"
{ head -c 1500 examples/sample.txt | sed 's/$/\r/'; head -c 200 "$KOAN" ; head -c 1500 docs/format.md; } >"$work/mixed"
head -c 300 examples/sample.txt >"$work/message"
# Without optimisation a token takes many milliseconds.
tail -c 1100 examples/sample.txt >"$work/short"
# With adapters of a model small enough for every build and instruction set: a frame, and records routed by trial.
tiny="--model tests/golden/models/tiny.gguf --adapter tests/golden/models/tiny.lora.gguf"
tail -c 5000 examples/sample.txt >"$work/adapted"
{ cat tests/golden/v1/records.raw; echo; cat tests/golden/v1/records_adapters.raw | sed 's/"text"/"response"/2'; cat tests/golden/v1/records.raw; } >"$work/lines"
export XDG_DATA_HOME=$work/data   # no adapters but those that are named
declare -A options=([adapted]=$tiny
  [lines]="$tiny --adapter tests/golden/models/tiny2.lora.gguf --route trial --jsonl --field response --context-field prompt")
declare -A known=([adapted]=$tiny [lines]="$tiny --adapter tests/golden/models/tiny2.lora.gguf")

isas=()
for isa in scalar avx2 avxvnni avx512 vnni amx neondot neon; do
  if message=$(KOAN_ISA=$isa "$KOAN" -c "$work/message" 2>&1 >/dev/null); then
    isas+=("$isa")
  elif [[ $message == *"not supported"* ]]; then
    echo "SKIPPED: $isa is not supported here"
  else
    fail "KOAN_ISA=$isa: $message"
  fi
done
[ ${#isas[@]} -ge 1 ] || fail "no instruction set works"

compress() { # build isa threads streams input
  KOAN_ISA=$2 "${builds[$1]}" compress -c ${options[$5]-} --segment-size 1K -T "$3" --streams "$4" "$work/$5" >"$work/out" 2>"$work/err" \
    || fail "$1 $2 -T$3 --streams $4 $5: $(cat "$work/err")"
  cmp -s "$work/out" "$work/$5.koan" || fail "$1 $2 -T$3 --streams $4: other bytes for $5"
  compared=$((compared + 1))
}
decompress() { # build isa threads input
  KOAN_ISA=$2 "${builds[$1]}" -dc ${known[$4]-} -T "$3" "$work/$4.koan" >"$work/out" 2>"$work/err" || fail "$1 $2 -T$3 decoding $4: $(cat "$work/err")"
  cmp -s "$work/out" "$work/$4" || fail "$1 $2 -T$3 decodes $4 to other bytes"
  compared=$((compared + 1))
}

for input in text mixed message short adapted lines; do
  "$KOAN" compress -q ${options[$input]-} --segment-size 1K -T1 -o "$work/$input.koan" "$work/$input" || fail "release, best instruction set: $input"
done
for isa in "${isas[@]}"; do
  compress release "$isa" 4 16 text
  compress release "$isa" 1 16 message
  decompress release "$isa" 1 message
  for input in adapted lines; do
    compress release "$isa" 1 16 $input
    compress release "$isa" 4 3 $input
    decompress release "$isa" 2 $input
  done
  [ "$isa" != scalar ] || continue   # some fifty times slower than the others
  for threads in 1 2; do compress release "$isa" "$threads" 16 text; done
  compress release "$isa" 1 1 text
  compress release "$isa" 2 3 mixed
  decompress release "$isa" 1 text
  decompress release "$isa" 4 mixed
done
if [ -n "${builds[clang]+x}" ]; then
  for isa in "${isas[@]}"; do
    compress clang "$isa" 1 16 message
    decompress clang "$isa" 1 message
    for input in adapted lines; do
      compress clang "$isa" 2 7 $input
      decompress clang "$isa" 1 $input
    done
    [ "$isa" != scalar ] || continue
    compress clang "$isa" 2 16 text
    compress clang "$isa" 1 16 mixed
    decompress clang "$isa" 2 text
  done
fi
if [ -n "${builds[debug]+x}" ]; then
  for isa in "${isas[@]}"; do
    compress debug "$isa" 1 16 short
    decompress debug "$isa" 1 message
    compress debug "$isa" 1 16 lines
    decompress debug "$isa" 2 lines
    decompress debug "$isa" 1 adapted
  done
fi
echo "builds: ${!builds[*]}; instruction sets: ${isas[*]}; $compared results compared"
exit $bad
