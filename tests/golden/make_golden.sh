#!/bin/sh
# How v1/*.koan and v1/index.txt were made from v1/*.raw: make_golden.sh PATH/TO/koan
# Run it only while format version 1 is not released. Afterwards these files are the definition: a later koan must read them for
# ever, and a new format version gets a folder of its own.
#
# The .raw files are text from examples/sample.txt (CRLF: with its line ends changed), noise, squares as little-endian numbers
# (what LZMA is best at), a repeated block of noise (zstd) and zeros.
set -eu
koan=$1
cd "$(dirname "$0")/v1"
zstd_version=$(zstd --version | sed 's/.* v\([0-9.]*\).*/\1/')
lzma_version=$(xz --version | sed -n 's/^liblzma //p')
libraries=zstd-$zstd_version,lzma-$lzma_version

sha() { sha256sum "$1" | cut -d' ' -f1; }
entry() { # name, segment size, how the coded bytes come about
  printf '%-15s %5s %-24s %s %s\n' "$1" "$2" "$3" "$(sha "$1.raw")" "$(sha "$1.koan")" >>index.txt
}
code() { # name, segment size, then as in entry
  "$koan" --model ../models/tiny.gguf --segment-size "$2" -q -c <"$1.raw" >"$1.koan"
  entry "$@"
}
cat >index.txt <<'END'
# name, segment size, how to encode (exact; only with these library versions; or the parts in order), SHA-256 of raw and of coded
END
for name in empty message_model message_utf8 message_stored message_crlf frame_stored; do code $name 2048 exact; done
for name in frame_model frame_crlf; do code $name 2048 exact; done
for name in message_zstd message_lzma frame_mixed; do code $name 1024 "$libraries"; done
parts='message_model frame_mixed empty message_crlf frame_crlf'
for name in $parts; do cat $name.koan; done >parts.koan
entry parts 0 "parts:$(echo $parts | tr ' ' +)"
