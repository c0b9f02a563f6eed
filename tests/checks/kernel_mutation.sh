#!/bin/bash
# kernels_golden_test notices a rounding that changed: the test is linked to a kernel source with one change made by sed, and must fail;
# to the unchanged copy, it must pass.
set -u
cxx=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$KOAN_BUILD/CMakeCache.txt")
archive=$KOAN_BUILD/src/kernels/libkoan_kernels.a
[ -f "$archive" ] || { echo "$archive: missing"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0 tried=0
fail() { echo "FAIL: $*"; bad=1; }
compile="$cxx -std=c++20 -O2 -Isrc -ffp-contract=off -c"
$compile -o "$work/test.o" src/kernels/kernels_golden_test.cpp || exit 1

# The program of a copy of the kernels in $work/source; its own object of `unit` comes before the library's.
build() { # unit, compiler options
  $cxx -std=c++20 -O2 -ffp-contract=off -I"$work/source" -Isrc $2 -c -o "$work/unit.o" "$work/source/kernels/$1" &&
    $cxx -o "$work/program" "$work/test.o" "$work/unit.o" "$archive" -lgtest -lgtest_main -pthread
}
run() { # instruction set: 0 passed, 1 failed, 2 did not run
  "$work/program" --gtest_filter="*/$1" >"$work/out" 2>&1
  local code=$?
  if [ $code -eq 0 ]; then grep -q '^\[       OK ' "$work/out" || return 2; return 0; fi
  grep -q '^\[  FAILED  \]' "$work/out" && return 1
  return 2
}
copy() { rm -rf "$work/source"; mkdir -p "$work/source"; cp -r src/kernels "$work/source/kernels"; }
control() { # instruction set, unit, options: unchanged; 1 where this machine lacks the set
  copy
  build "$2" "$3" || { fail "$2 does not compile"; return 1; }
  run "$1"
  case $? in
    0) return 0 ;;
    2) echo "SKIPPED: $1 is not supported here"; return 1 ;;
  esac
  fail "$1, unchanged: the test fails"
  return 1
}
mutate() { # what, instruction set, unit, options, file, sed expression (empty: the options are the change)
  copy
  if [ -n "$6" ]; then
    sed -i "$6" "$work/source/kernels/$5"
    ! cmp -s "$work/source/kernels/$5" "src/kernels/$5" || { fail "$1: nothing to change in $5"; return; }
  fi
  build "$3" "$4" || { fail "$1: does not compile"; return; }
  run "$2"
  [ $? -eq 1 ] || fail "$2, $1: not noticed"
  tried=$((tried + 1))
}

if control scalar scalar.cpp ""; then
  mutate "quantised towards zero" scalar scalar.cpp "" scalar.cpp 's/static_cast<std::int8_t>(rne(x\[i\] \* r))/static_cast<std::int8_t>(x[i] * r)/'
  mutate "scales multiplied first" scalar scalar.cpp "" scalar.cpp 's/fused(static_cast<float>(isum) \* dw, d\[c \* groups + g\], acc)/fused(static_cast<float>(isum), dw * d[c * groups + g], acc)/'
  mutate "sums rounded twice" scalar scalar.cpp "" scalar.cpp 's/fused(static_cast<float>(isum) \* dw, d\[c \* groups + g\], acc)/static_cast<float>(isum) * dw * d[c * groups + g] + acc/'
  mutate "exp rounded twice a step" scalar scalar.cpp "" scalar_math.h 's/p = fused(p, f, kExp2\[i\])/p = p * f + kExp2[i]/'
  mutate "shares of values towards zero" scalar scalar.cpp "" scalar.cpp 's/static_cast<std::int32_t>(rne(scaled\[(b - first) \* kRowBlock + lane\] \* r))/static_cast<std::int32_t>(scaled[(b - first) * kRowBlock + lane] * r)/'
  mutate "lanes added in another order" scalar scalar.cpp "" scalar.cpp 's/lane\[i\] += lane\[i + h\];/lane[i] += lane[2 * h - 1 - i];/'
  mutate "values divided, not multiplied by 1 \/ l" scalar scalar.cpp "" scalar.cpp 's/out\[i\] = o\[i\] \* reciprocal;/out[i] = o[i] \/ (1.0f \/ reciprocal);/'
  mutate "frequencies to nearest" scalar scalar.cpp "" scalar.cpp 's/1u + static_cast<std::uint32_t>(logits\[i\] \* c)/1u + static_cast<std::uint32_t>(rne(logits[i] * c))/'
fi
vector_changes() { # instruction set, unit, options
  control "$1" "$2" "$3" || return
  mutate "quantised towards zero" "$1" "$2" "$3" elementwise.inl 's/store_bytes(q, to_nearest(/store_bytes(q, truncate(/'
  mutate "scales multiplied first" "$1" "$2" "$3" matmul.inl 's/fused(fused(from_bits(sums\[r\]\[c\]), dw, excess), splat(p\[c\].scale), acc\[r\]\[c\])/fused(sub(from_bits(sums[r][c]), splat(kBase)), mul(dw, splat(p[c].scale)), acc[r][c])/'
  mutate "rounded twice in exp" "$1" "$2" "$3" elementwise.inl 's/p = fused(p, f, splat(kExp2\[i\]))/p = add(mul(p, f), splat(kExp2[i]))/'
  mutate "fused by the compiler" "$1" "$2" "$3 -ffp-contract=fast" "$2" ""
}
case $(uname -m) in
  x86_64) vector_changes avx2 isa_avx2.cpp "-mavx2 -mfma" ;;
  aarch64) vector_changes neon isa_neon.cpp "" ;;
esac
[ $tried -ge 6 ] || fail "only $tried changes were tried"
echo "$tried changes tried"
exit $bad
