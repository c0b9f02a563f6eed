#!/bin/sh
# koan's chat templates beside python3-jinja2, on those of real models (packages.tsv, fetched once). CHAT_TEST: the program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/begin.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for python in python3 /usr/bin/python3; do
  if "$python" -c 'import jinja2' 2>/dev/null; then
    "$python" "$here/templates.py" "$here/../../.cache/tokenizers" "$work/cases.json"
    KOAN_CHAT_CASES=$work/cases.json "$CHAT_TEST" --gtest_filter=Jinja.AgreesWithPythonOnRealTemplates >"$work/out" || { cat "$work/out"; exit 1; }
    grep -q '^\[  PASSED  \] 1 test\.$' "$work/out" || { cat "$work/out"; echo "FAIL: the test did not run"; exit 1; }
    exit 0
  fi
done
skip "no python3-jinja2 (cmake/packages/slow.txt; ./check --slow installs it)"
