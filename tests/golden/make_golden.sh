#!/bin/sh
# How v1/*.koan and v1/index.txt were made from v1/*.raw: make_golden.sh PATH/TO/koan
# The adapters in models/ were made by make_adapters (ninja make_adapters; make_adapters models/tiny.gguf models).
# Run it only while format version 1 is not released. Afterwards these files are the definition: a later koan must read them for
# ever, and a new format version gets a folder of its own.
#
# The .raw files are text from examples/sample.txt (CRLF: with its line ends changed; level9: with pages that come again), noise,
# squares as little-endian numbers (what LZMA is best at), a repeated block of noise (zstd), zeros, and bytes of which two nearly
# determine the next (cm_binary, cm_context: context mixing). The context is more of the sample. Records: lines of JSON with
# questions and answers of the sample's kind, escapes in several styles, lines that are none, no LF at the end.
set -eu
koan=$(realpath "$1")
cd "$(dirname "$0")/v1"
zstd_version=$(zstd --version | sed 's/.* v\([0-9.]*\).*/\1/')
lzma_version=$(xz --version | sed -n 's/^liblzma //p')
libraries=zstd-$zstd_version,lzma-$lzma_version

sha() { sha256sum "$1" | cut -d' ' -f1; }
entry() { # name, options, how the coded bytes come about
  printf '%-15s %-31s %-24s %s %s\n' "$1" "$2" "$3" "$(sha "$1.raw")" "$(sha "$1.koan")" >>index.txt
}
arguments() { # options as in the index, to those of the command
  for option in $(echo "$1" | tr , ' '); do
    value=${option#*=}
    case $option in
      segment=*) echo "--segment-size $value" ;;
      level=*) echo "-$value" ;;
      context=*) echo "--context $value" ;;
      adapter=*) for name in $(echo "$value" | tr + ' '); do echo "--adapter ../models/$name"; done ;;
      route=*) echo "--route $value" ;;
      field=*) echo "--jsonl --field $value" ;;
      context_field=*) echo "--context-field $value" ;;
      -) ;;
      *) echo "unknown option $option" >&2; exit 1 ;;
    esac
  done
}
code() { # as entry
  words=$(arguments "$2")
  "$koan" --model ../models/tiny.gguf $words -q -c <"$1.raw" >"$1.koan"
  entry "$@"
}
cat >index.txt <<'END'
# name, options (segment=BYTES, level=N, context=FILE; - for none), how to encode (exact; only with these library versions; or the parts in order), SHA-256 of raw and of coded
END
for name in empty message_model message_utf8 message_stored message_crlf frame_stored; do code $name segment=2048 exact; done
for name in frame_model frame_crlf; do code $name segment=2048 exact; done
for name in message_zstd message_lzma frame_mixed; do code $name segment=1024 "$libraries"; done
code frame_level9 level=9 exact
code cm_binary level=1 exact
code cm_text level=2 exact
code cm_context level=1,context=context.bin exact
code message_context context=context.txt exact
code frame_context segment=2048,context=context.txt exact
code message_adapter adapter=tiny.lora.gguf exact
code frame_adapter segment=2048,adapter=tiny2.lora.gguf exact
code records field=response,context_field=prompt exact
code records_adapters field=a.-1.text,context_field=q,adapter=tiny.lora.gguf+tiny2.lora.gguf,route=text exact
parts='message_model frame_mixed empty message_crlf frame_crlf frame_context'
for name in $parts; do cat $name.koan; done >parts.koan
for name in $parts; do cat $name.raw; done >parts.raw
entry parts context=context.txt "parts:$(echo $parts | tr ' ' +)"
