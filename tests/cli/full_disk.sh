#!/bin/bash
# A full disk: exit 3, the path and the reason, nothing left.
. tests/cli/begin.sh
head -c 6000 "$sample" >a
cp "$sample" b; "$KOAN" -q b || fail "compress"

if [ -c /dev/full ]; then
  "$KOAN" -c a >/dev/full 2>err; [ $? -eq 3 ] || fail "/dev/full as stdout"
  grep -q 'stdout: No space left on device' err || fail "$(cat err)"
  expect_error 3 "/dev/full: No space left on device" "$KOAN" -o /dev/full a
fi

disk=$work/disk
mkdir disk
if ! mount -t tmpfs -o size=64k tmpfs disk 2>/dev/null; then
  echo "SKIPPED: cannot mount a small file system (not root, or a container without the right to)"
  exit 0
fi
trap 'umount "$disk"; finish' EXIT
expect_error 3 "disk/b: No space left on device" "$KOAN" -d b.koan -o disk/b
absent disk/b; clean
echo precious >disk/c
expect_error 3 "No space left on device" "$KOAN" -df b.koan -o disk/c
[ "$(cat disk/c)" = precious ] || fail "the old file is gone"
clean
head -c 60000 /dev/zero >disk/fill; cat /dev/zero >>disk/fill 2>/dev/null
expect_error 3 "disk/a.koan: No space left on device" "$KOAN" -o disk/a.koan a
absent disk/a.koan; clean
