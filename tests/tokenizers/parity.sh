#!/bin/sh
# koan's token ids for the real vocabularies of packages.tsv (fetched once): parity.sh [--write]. TOKEN_IDS: the program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
corpus=${KOAN_CORPUS:-$source/../shared/corpus}
skip() { echo "SKIPPED: $*"; exit 77; }
[ -d "$corpus/weights/llamacpp-tokenizer-tests" ] || skip "no ../shared/corpus beside the repository (KOAN_CORPUS)"
command -v node >/dev/null && command -v npm >/dev/null || skip "no node and npm (cmake/packages/slow.txt; ./check --slow installs them)"
fetched=0
"$here/install.sh" || fetched=$?
[ $fetched != 77 ] || skip "the vocabularies are not here and could not be fetched (no network?)"
[ $fetched = 0 ] || exit 1
table=
[ "${1-}" != --write ] || table=$source/bench/results/tokenizers.md
exec node "$here/parity.mjs" "$TOKEN_IDS" "$source" "$corpus" $table
