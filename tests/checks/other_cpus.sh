#!/bin/bash
# The same bytes on other processors: builds koan and its tests for aarch64 (NEON) and s390x (big-endian) with cross compilers and
# runs them under qemu-user. Kernels against the scalar ones and their hash, golden files decoded and encoded, the embedded models and
# text drawn from one, with every instruction set forced and proven to have run. Builds and libraries lie in build-check/cross (KOAN_CROSS to change).
set -u
bad=0 ran=0
fail() { echo "FAIL: $*"; bad=1; }
missing=
for need in aarch64-linux-gnu-g++:g++-aarch64-linux-gnu s390x-linux-gnu-g++:g++-s390x-linux-gnu qemu-aarch64:qemu-user qemu-s390x:qemu-user; do
  command -v "${need%%:*}" >/dev/null || [[ $missing == *"${need##*:}"* ]] || missing="$missing ${need##*:}"
done
if [ -n "$missing" ]; then
  echo "SKIPPED: needs the Debian packages$missing (cmake/packages/cross.txt; ./check --slow installs them)"
  exit 77
fi
cross=$(realpath -m "${KOAN_CROSS:-build-check/cross}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cross"

# Whose unit tests ask what the kernels do not: byte order, files, text, drawing, what two sides say to each other.
modules="base coder formats text chat ask"
prepare() { # Debian's name, machine
  sh cmake/cross/sysroot.sh "$1" "$cross/sysroot-$2" || { echo "SKIPPED: no libraries for $1 (no network?)"; exit 77; }
  { cmake -S . -B "$cross/$2" -G Ninja --toolchain "cmake/cross/$2.cmake" -DKOAN_SYSROOT="$cross/sysroot-$2" -DKOAN_REMOTE=OFF -DKOAN_DEV=ON -DCMAKE_UNITY_BUILD=ON &&
    nice cmake --build "$cross/$2" -j2 --target koan-cli kernels_test golden_test $(printf '%s_test ' $modules); } >"$work/log" 2>&1 ||
    { tail -n 60 "$work/log"; echo "FAIL: no build for $2"; exit 1; }
}
# Runs a test program; all tests of the filter must have run, none skipped for want of an instruction set.
tests() { # label, wanted line of output or "", least number of tests, command...
  local label=$1 line=$2 least=$3 start=$SECONDS passed
  shift 3
  "$@" >"$work/out" 2>&1 || { fail "$label"; grep -vE '^\[ +(OK|RUN) ' "$work/out" | tail -n 30; }
  passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$work/out")
  if [ -n "$line" ]; then grep -qxF "$line" "$work/out" || fail "$label: did not say \"$line\""; fi
  if grep -q 'not supported' "$work/out"; then fail "$label: an instruction set was not there"; fi
  [ "${passed:-0}" -ge "$least" ] || fail "$label: only ${passed:-0} tests passed"
  ran=$((ran + ${passed:-0}))
  echo "$label: ${passed:-0} tests, $(grep -c '^\[  SKIPPED \] .*ms)$' "$work/out") skipped, $((SECONDS - start)) s"
}
on() { # machine, instruction set, program, arguments: QEMU_CPU chooses the processor
  local machine=$1 isa=$2 program=$3
  shift 3
  KOAN_ISA=$isa "qemu-$machine" -L "$cross/sysroot-$machine" "$cross/$machine/$program" "$@"
}
check_machine() { # machine, instruction sets
  local machine=$1 isa
  shift
  for module in $modules; do tests "$machine ${module}_test" "" 4 on "$machine" "" ${module}_test; done
  for isa in "$@"; do
    tests "$machine $isa kernels_test" "" 14 on "$machine" "" kernels_test --gtest_filter="*/$isa"
    tests "$machine $isa golden_test" "kernels: $isa" 60 on "$machine" "$isa" golden_test --gtest_filter=-*Damaged*
    embedded "$machine" "$isa"
  done
}
# The models inside the program, as a message and as a frame, against what this machine writes.
embedded() { # machine, instruction set
  local machine=$1 isa=$2 name start=$SECONDS
  for name in $inputs; do
    on "$machine" "$isa" koan compress -q ${options[$name]} --segment-size 1K -c "$work/$name" >"$work/out" 2>"$work/err" ||
      fail "$machine $isa compress $name: $(cat "$work/err")"
    cmp -s "$work/out" "$work/$name.koan" || fail "$machine $isa: other bytes for $name"
    on "$machine" "$isa" koan -q -dc "$work/$name.koan" >"$work/out" 2>"$work/err" || fail "$machine $isa -d $name: $(cat "$work/err")"
    cmp -s "$work/out" "$work/$name" || fail "$machine $isa decodes $name to other bytes"
    ran=$((ran + 2))
  done
  on "$machine" "$isa" koan ${options[drawn]} >"$work/out" 2>"$work/err" || fail "$machine $isa generate: $(cat "$work/err")"
  cmp -s "$work/out" "$work/drawn" || fail "$machine $isa: other text: $(cat "$work/out")"
  ran=$((ran + 1))
  echo "$machine $isa, embedded models: $inputs both ways, text drawn, $((SECONDS - start)) s"
}

declare -A options=([nano]="--model nano" [small]="--model small" [frame]="" [drawn]="generate --model nano --seed 5 -n 24 Once")
inputs="nano small frame"
head -c 300 examples/sample.txt >"$work/nano"
tail -c 300 examples/sample.txt >"$work/small"
{ head -c 1500 examples/sample.txt; head -c 3000 /dev/zero; sed -n 1,12p docs/format.md | sed 's/$/\r/'; } >"$work/frame"
for name in $inputs; do "$KOAN" compress -q ${options[$name]} --segment-size 1K -c "$work/$name" >"$work/$name.koan" || exit 1; done
"$KOAN" ${options[drawn]} >"$work/drawn" || exit 1

prepare arm64 aarch64
prepare s390x s390x
check_machine aarch64 neondot neon scalar
check_machine s390x scalar
# Found at run time: a processor without the dot product refuses it and takes NEON; one with it takes it unasked.
QEMU_CPU=cortex-a57 on aarch64 neondot koan -c "$work/nano" >/dev/null 2>"$work/err" && fail "neondot on a processor without it"
grep -q 'not supported' "$work/err" || fail "neondot refused without saying why: $(cat "$work/err")"
QEMU_CPU=cortex-a57 tests "aarch64 without dot product" "kernels: neon" 1 on aarch64 "" golden_test --gtest_filter='*DecodesToTheRecordedBytes/message_model'
tests "aarch64 with dot product" "kernels: neondot" 1 on aarch64 "" golden_test --gtest_filter='*DecodesToTheRecordedBytes/message_model'
KOAN_MACHINE=aarch64 KOAN_BUILD=$cross/aarch64 KOAN_OTHER_BUILDS= KOAN_OBJDUMP=aarch64-linux-gnu-objdump tests/checks/no_fma.sh || fail "aarch64: no_fma.sh"
KOAN_MACHINE=s390x KOAN_BUILD=$cross/s390x KOAN_OTHER_BUILDS= KOAN_OBJDUMP=s390x-linux-gnu-objdump tests/checks/no_fma.sh || fail "s390x: no_fma.sh"
KOAN_BUILD=$cross/aarch64 KOAN_OTHER_BUILDS= tests/checks/isa_symbols.sh || fail "aarch64: isa_symbols.sh"
echo "$ran tests and results on other processors"
exit $bad
