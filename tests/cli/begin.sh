# Sourced first by every script here: a folder of its own, and ways to expect things.
set -u
: "${KOAN:?the koan program}"
source_tree=$PWD
work=$(mktemp -d)
finish() { chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"; }
trap finish EXIT
cd "$work" || exit 1
unset HF_HOME HF_HUB_CACHE LLAMA_CACHE OLLAMA_MODELS XDG_CACHE_HOME XDG_CONFIG_HOME XDG_STATE_HOME
export HOME=$work XDG_DATA_HOME= KOAN_MODELS= KOAN_ISA=
sample=$source_tree/examples/sample.txt

fail() { echo "FAIL (line ${BASH_LINENO[${#BASH_LINENO[@]}-2]}): $*" >&2; exit 1; }

# expect CODE COMMAND...: the exit code; stdout and stderr are kept in $work/.out and .err
expect() {
  local wanted=$1 got
  shift
  "$@" >"$work/.out" 2>"$work/.err"
  got=$?
  [ $got -eq "$wanted" ] || fail "exit $got instead of $wanted: $* ($(cat "$work/.err"))"
}
# expect_error CODE TEXT COMMAND...: and stderr contains TEXT and begins with "koan: "
expect_error() {
  local code=$1 text=$2
  shift 2
  expect "$code" "$@"
  [[ $(cat "$work/.err") == *"$text"* ]] || fail "stderr of $* does not say \"$text\": $(cat "$work/.err")"
  [[ $(head -c 6 "$work/.err") == "koan: " ]] || fail "stderr of $* does not begin with koan: $(cat "$work/.err")"
}
said() { [[ $(cat "$work/.err") == *"$1"* ]] || fail "stderr does not say \"$1\": $(cat "$work/.err")"; }
silent() { [ ! -s "$work/.err" ] || fail "stderr says: $(cat "$work/.err")"; }
same() { cmp -s -- "$1" "$2" || fail "$1 and $2 differ"; }
absent() { local f; for f in "$@"; do [ ! -e "$f" ] || fail "$f exists"; done; }
# No temporary file was left anywhere below the working folder.
clean() { local left; left=$(find "$work" -name '.koan-tmp-*'); [ -z "$left" ] || fail "left behind: $left"; }
# member FILE KEY: of an object in JSON, as Python prints it.
member() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }
