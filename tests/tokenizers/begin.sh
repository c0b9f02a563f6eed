# Sourced first by the tests here: the packages are there, or the test is skipped. `here` is this folder.
skip() { echo "SKIPPED: $*"; exit 77; }
command -v node >/dev/null && command -v npm >/dev/null || skip "no node and npm (cmake/packages/slow.txt; ./check --slow installs them)"
fetched=0
"$here/install.sh" || fetched=$?
[ $fetched != 77 ] || skip "the vocabularies are not here and could not be fetched (no network?)"
[ $fetched = 0 ] || exit 1
