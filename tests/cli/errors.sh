#!/bin/bash
# Exit codes and messages (docs/cli.md), and nothing left behind.
. tests/cli/begin.sh
head -c 5000 "$sample" >a
"$KOAN" -q a || fail "compress"

# 2: usage.
expect_error 2 "--bogus" "$KOAN" --bogus
expect_error 2 "--streams" "$KOAN" --streams 0 a
expect_error 2 "--streams" "$KOAN" --streams 65 a
expect_error 2 "--threads" "$KOAN" -T x a
expect_error 2 "--segment-size" "$KOAN" --segment-size 12Q a
expect_error 2 "--segment-size" "$KOAN" --segment-size 1023 a
expect_error 2 "--segment-size" "$KOAN" --segment-size 9M a
expect_error 2 "choose one of" "$KOAN" -d -t a.koan
expect_error 2 "--segments" "$KOAN" --segments 0 a
expect_error 2 "--segments" "$KOAN" --segments 8193 a
expect_error 2 "choose one of --segments and --segment-size" "$KOAN" --segments 2 --segment-size 4K a
expect 2 "$KOAN" -d --segments 2 a.koan
expect_error 2 "bench needs a FILE" "$KOAN" bench
expect_error 2 "--verify does not go with" "$KOAN" --verify -c a
# 2: not supported.
expect_error 2 "KOAN_ISA" env KOAN_ISA=nonsense "$KOAN" -c a
[ ! -s .out ] || fail "output in spite of KOAN_ISA=nonsense"
case $(uname -m) in aarch64) other=avx2 ;; *) other=neon ;; esac
expect_error 2 "not supported" env KOAN_ISA=$other "$KOAN" -c a
expect 0 env KOAN_ISA=scalar "$KOAN" -c "$work/.err"

# 3: input or output failed. The others are still done.
expect_error 3 "missing: No such file or directory" "$KOAN" missing
expect_error 3 "missing.koan: No such file or directory" "$KOAN" -d missing.koan
mkdir folder folder.koan
expect_error 3 "folder: Is a directory" "$KOAN" folder
expect_error 3 "folder.koan: Is a directory" "$KOAN" -d folder.koan
expect_error 3 "folder: Is a directory" "$KOAN" -f -o folder a
expect_error 3 "no/such/place: No such file or directory" "$KOAN" -o no/such/place a
cp a one; cp a two
expect_error 3 "missing: No such file" "$KOAN" -q one missing two
[ -f one.koan ] && [ -f two.koan ] || fail "the files beside a missing one were not done"
expect 3 "$KOAN" missing one   # the first error counts: 3, not the 2 of one.koan
expect 2 "$KOAN" one missing
if [ "$(id -u)" = 0 ]; then
  echo "SKIPPED: root may read and write everything; unreadable files and read-only folders only as another user"
  if command -v runuser >/dev/null && id nobody >/dev/null 2>&1; then
    public=$(mktemp -d /tmp/koan-cli-XXXXXX); chmod 755 "$public"
    cp "$KOAN" "$public/koan"; cp a "$public/a"; cp a "$public/secret"; chmod 600 "$public/secret"
    expect_error 3 "secret: Permission denied" runuser -u nobody -- "$public/koan" "$public/secret"
    expect_error 3 "a.koan: Permission denied" runuser -u nobody -- "$public/koan" "$public/a"
    rm -rf "$public"
    echo "... done as nobody"
  fi
else
  cp a secret; chmod 000 secret
  expect_error 3 "secret: Permission denied" "$KOAN" secret
  mkdir locked; cp a locked/a; chmod 555 locked
  expect_error 3 "Permission denied" "$KOAN" locked/a
  chmod 755 locked
fi

# 4: not ours, cut short, damaged: nothing appears.
cp a not.koan; : >empty.koan
size=$(stat -c %s a.koan)
expect_error 4 "not.koan: " "$KOAN" -d not.koan
expect_error 4 "empty.koan: " "$KOAN" -d empty.koan
expect_error 4 "not.koan: " "$KOAN" list not.koan
for length in 1 20 60 $((size / 2)) $((size - 1)); do
  head -c "$length" a.koan >cut.koan
  expect_error 4 "cut.koan: " "$KOAN" -d cut.koan
  expect 4 "$KOAN" -t cut.koan
  expect 4 "$KOAN" -d <cut.koan
  absent cut
done
for place in 3 8 30 $((size / 2)) $((size - 20)) $((size - 2)); do
  cp a.koan flip.koan
  byte=$(od -An -tu1 -j "$place" -N 1 a.koan)
  # shellcheck disable=SC2059
  printf "\\x$(printf %02x $((byte ^ 16)))" | dd of=flip.koan bs=1 seek="$place" conv=notrunc status=none
  expect 4 "$KOAN" -t flip.koan
  expect 4 "$KOAN" -d flip.koan
  absent flip
done
cp a.koan more.koan; echo trailing >>more.koan
expect_error 4 "more.koan: " "$KOAN" -d more.koan
# An existing result survives a failed -f.
echo precious >cut
expect 4 "$KOAN" -df cut.koan
[ "$(cat cut)" = precious ] || fail "-f destroyed the old file"

# 5: another format version.
cp a.koan version.koan
printf '\x63' | dd of=version.koan bs=1 seek=6 conv=notrunc status=none
"$KOAN" -t version.koan 2>err; code=$?
[ $code -eq 5 ] || [ $code -eq 4 ] || fail "another version: exit $code"   # 4 while the header's own check comes first
clean
