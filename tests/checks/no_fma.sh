#!/bin/bash
# No fused multiply-add that a compiler made by itself on the coding path (docs/numerics.md section 1), in this build and the clang
# one. The objects of instruction sets (isa_*) have those that the contract wants; the tests compare them with scalar.o, which has
# none. other_cpus.sh runs it on builds for other machines: KOAN_MACHINE, KOAN_OBJDUMP.
set -u -o pipefail
machine=${KOAN_MACHINE:-$(uname -m)}
case $machine in
  x86_64) pattern='vfn?m(add|sub)' ;;
  aarch64) pattern='\b(fn?m(add|sub)|fml[as])\b' ;;
  s390x) pattern='\b(m[as][ed]br?|[vw]fn?m[as]([sdx]b)?)\b' ;;
  *) echo "SKIPPED: no pattern for $machine"; exit 77 ;;
esac
bad=0 seen=0
for build in "$KOAN_BUILD" ${KOAN_OTHER_BUILDS:+"$KOAN_OTHER_BUILDS/clang"}; do
  [ -d "$build" ] || continue
  for module in kernels formats model coder codec; do
    archive=$build/src/$module/libkoan_$module.a
    [ -f "$archive" ] || { echo "$archive: missing"; bad=1; continue; }
    code=$("${KOAN_OBJDUMP:-objdump}" -d --no-show-raw-insn "$archive") || exit 1
    code=$(awk '/file format/ { wanted = !/^isa_/ } wanted' <<<"$code")
    seen=$((seen + $(wc -l <<<"$code")))
    hits=$(grep -E "file format|$pattern" <<<"$code" | grep -B1 -E "$pattern" | head -n 6)
    [ -z "$hits" ] || { echo "$archive: fused multiply-add"; echo "$hits"; bad=1; }
  done
done
[ $seen -gt 10000 ] || { echo "only $seen instructions found: this check is broken"; exit 1; }
echo "$seen lines of machine code checked"
exit $bad
