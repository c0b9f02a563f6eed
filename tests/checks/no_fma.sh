#!/bin/bash
# No fused multiply-add in any object on the coding path (docs/numerics.md section 1), in this build and the clang one.
set -u -o pipefail
case $(uname -m) in
  x86_64) pattern='vfn?m(add|sub)' ;;
  aarch64) pattern='\b(fn?m(add|sub)|fml[as])\b' ;;
  *) echo "SKIPPED: no pattern for $(uname -m)"; exit 77 ;;
esac
bad=0 seen=0
for build in "$KOAN_BUILD" ${KOAN_OTHER_BUILDS:+"$KOAN_OTHER_BUILDS/clang"}; do
  [ -d "$build" ] || continue
  for module in kernels formats model coder codec; do
    archive=$build/src/$module/libkoan_$module.a
    [ -f "$archive" ] || { echo "$archive: missing"; bad=1; continue; }
    code=$(objdump -d --no-show-raw-insn "$archive") || exit 1
    seen=$((seen + $(wc -l <<<"$code")))
    hits=$(grep -E "file format|$pattern" <<<"$code" | grep -B1 -E "$pattern" | head -n 6)
    [ -z "$hits" ] || { echo "$archive: fused multiply-add"; echo "$hits"; bad=1; }
  done
done
[ $seen -gt 10000 ] || { echo "only $seen instructions found: this check is broken"; exit 1; }
echo "$seen lines of machine code checked"
exit $bad
