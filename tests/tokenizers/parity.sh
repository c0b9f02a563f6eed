#!/bin/sh
# koan's token ids for the real vocabularies of packages.tsv (fetched once): parity.sh [--write]. TOKEN_IDS: the program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
corpus=${KOAN_CORPUS:-$source/../shared/corpus}
[ -d "$corpus/weights/llamacpp-tokenizer-tests" ] || { echo "SKIPPED: no ../shared/corpus beside the repository (KOAN_CORPUS)"; exit 77; }
. "$here/begin.sh"
table=
[ "${1-}" != --write ] || table=$source/bench/results/tokenizers.md
exec node "$here/parity.mjs" "$TOKEN_IDS" "$source" "$corpus" $table
