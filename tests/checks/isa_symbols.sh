#!/bin/bash
# An object compiled for an instruction set exports its table and nothing else: an inline function that the linker may pick from it
# would run on machines that lack the instructions (house rule 14).
set -u
bad=0 seen=0
for build in "$KOAN_BUILD" ${KOAN_OTHER_BUILDS:+"$KOAN_OTHER_BUILDS/clang"}; do
  for object in "$build"/src/kernels/CMakeFiles/koan_kernels.dir/isa_*.o; do
    [ -f "$object" ] || continue
    seen=$((seen + 1))
    symbols=$(nm --defined-only --extern-only "$object")
    strong=$(grep -cE ' [TDRB] ' <<<"$symbols")
    others=$(grep -vE ' [TDRB] ' <<<"$symbols" | grep -v '^$')
    if [ "$strong" -ne 1 ] || [ -n "$others" ]; then
      echo "$object exports:"; c++filt <<<"$symbols"; bad=1
    fi
  done
done
[ $seen -ge 1 ] || { echo "no isa_*.o found: this check is broken"; exit 1; }
echo "$seen objects checked"
exit $bad
