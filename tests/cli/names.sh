#!/bin/bash
# Names of files: suffixes, overwriting, odd characters, the same file twice.
. tests/cli/begin.sh
head -c 700 "$sample" >a

expect 0 "$KOAN" a
expect_error 2 "a.koan: already exists" "$KOAN" a
expect 0 "$KOAN" -f a
expect_error 2 "a.koan: already has the suffix .koan, skipped" "$KOAN" compress a.koan
absent a.koan.koan
expect 0 "$KOAN" -f a.koan
"$KOAN" -dc a.koan.koan | cmp -s - a.koan || fail "-f compresses twice"
rm a.koan.koan

expect_error 2 "already exists" "$KOAN" -d a.koan
expect_error 2 "a: the name does not end in .koan; say with -o FILE" "$KOAN" -d a
cp a.koan .koan
expect_error 2 "does not end in .koan" "$KOAN" -d .koan
expect_error 2 "does not end in .koan" "$KOAN" -d ./.koan
cp a.koan plain
expect 0 "$KOAN" -d plain -o b
same a b
expect 0 "$KOAN" decompress plain -o c; same a c
expect 0 "$KOAN" a -o d.any; "$KOAN" -dc d.any | cmp -s - a || fail "-o"
expect 0 "$KOAN" --output=- a; "$KOAN" -d <.out | cmp -s - a || fail "-o -"
"$KOAN" -o e.koan <a || fail "stdin to -o"
same a.koan e.koan
expect_error 2 "already exists" "$KOAN" -o e.koan a

expect_error 2 "-o takes one input" "$KOAN" -o x a b
expect_error 2 "choose one of -c and -o" "$KOAN" -c -o x a
expect_error 2 "same file" "$KOAN" -f -o a a
ln a hard
expect_error 2 "same file" "$KOAN" -f -o hard a
ln -s a.koan link.koan
expect_error 2 "same file" "$KOAN" -df -o a.koan link.koan
absent x

# Through a symbolic link the file it leads to is replaced.
echo old >target; ln -s target symbolic
expect 0 "$KOAN" -f -o symbolic a
[ -L symbolic ] || fail "the link was replaced"
same target a.koan

# Odd names, in files and in messages.
for name in 'with space' $'new\nline' $'tab\tand \xff byte' '-dash' '[list]' '{1}' 'quote"s' '日本'; do
  cp a "./$name"
  expect 0 "$KOAN" -- "$name"
  [ "$(wc -l <.err)" = 1 ] || fail "the message about a name is one line: $(cat .err)"
  rm "./$name"
  expect 0 "$KOAN" -d -- "$name.koan"
  same "./$name" a
  expect 0 "$KOAN" list -- "$name.koan"
  expect 0 "$KOAN" list --json -- "$name.koan"
  rm "./$name" "./$name.koan"
done

# --rm deletes the source when the result is there, and only then.
cp a gone
expect 0 "$KOAN" --rm gone; absent gone
expect 0 "$KOAN" -d --rm gone.koan; absent gone.koan; same gone a
cp a stays; echo old >stays.koan
expect_error 2 "already exists" "$KOAN" --rm stays; same stays a
expect_error 2 "--rm does not go with" "$KOAN" --rm -c stays; same stays a
expect_error 2 "--rm needs a regular output" "$KOAN" --rm -o /dev/null stays; same stays a
expect 0 "$KOAN" --rm -k -f stays; same stays a
cp a.koan bad.koan; printf x >>bad.koan
expect 4 "$KOAN" -d --rm bad.koan; [ -f bad.koan ] || fail "--rm deleted a damaged file"
expect 0 "$KOAN" -o /dev/null a
[ -c /dev/null ] || fail "/dev/null is a device"
clean
