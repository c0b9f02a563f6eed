#!/bin/bash
# koan report's page in headless Chromium: it renders, without console messages, requests or anything of what hostile
# models wrote taking effect. KOAN, and chromium (./check installs it).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $1" >&2; exit 1; }

python3 "$here/make_run.py" run1 gsm8k 1
python3 "$here/make_run.py" run2 other_task 2
"$KOAN" report -q run1 run2 "$root/bench/results/peers.csv" "$root/bench/results/lossless_nano.csv" -o page.html
"$KOAN" report -q run1 run2 "$root/bench/results/peers.csv" "$root/bench/results/lossless_nano.csv" -o again.html
cmp page.html again.html || fail "the same input gave another page"
code=0; "$KOAN" report -q run1 -o page.html 2>said || code=$?
[ "$code" = 2 ] || fail "an existing page was replaced without -f ($code)"
code=0; "$KOAN" report -q nothing -o other.html 2>said || code=$?
[ "$code" = 3 ] || fail "a run that is missing: $code"
[ ! -e other.html ] || fail "a failed report left a file"
for file in page.json page.csv page.lossless.csv; do [ -s "$file" ] || fail "no $file"; done
python3 -c 'import csv, json, sys
page = json.load(open("page.json"))
assert len(page["runs"]) == 2 and len(page["lossless"]) == 2 and page["comparisons"]
rows = list(csv.DictReader(open("page.csv")))
assert len(rows) == 24 and {row["role"] for row in rows} == {"method", "control", "ceiling", "answer text sent"}, len(rows)
assert all(float(row["bits_per_byte"]) < 9 for row in csv.DictReader(open("page.lossless.csv")))'

# Nothing in the page may come from elsewhere. (What the libraries could write, they are not asked for.)
python3 -c 'import re
page = re.sub(r"<script[^>]*>.*?</script>", "", open("page.html", encoding="utf-8").read(), flags=re.DOTALL)
found = re.findall(r"<(?:script|img|iframe|link|object|embed)[^>]*>|(?:src|href)=\"(?!#)[^\"]*\"|url\([^)]*\)", page)
assert not found, found' || fail "the page names another file"

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$browser" ] || { echo "SKIPPED: no chromium"; exit 77; }
# --no-sandbox: root may not have one, and the page is ours.
look() { # arguments
  HOME=$work timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking --disable-component-update \
    --host-resolver-rules='MAP * ~NOTFOUND' --user-data-dir="$work/profile" --enable-logging=stderr --virtual-time-budget=30000 "$@" "file://$work/page.html"
}
look --log-net-log="$work/net.json" --dump-dom >dom.html 2>log || fail "chromium: $(tail -5 log)"
! grep -a 'CONSOLE' log || fail "console messages"
charts=$(python3 -c 'import re; print(len(re.findall(r"<div class=\"chart\"[^>]* data-chart=", open("page.html").read())))')
[ "$charts" -ge 6 ] || fail "only $charts charts"
grep -q "data-drawn=\"$charts/$charts\"" dom.html || fail "not all $charts charts were drawn: $(grep -o 'data-drawn="[^"]*"' dom.html)"
[ "$(grep -o '<svg[^>]*class="marks"' dom.html | wc -l)" = "$charts" ] || fail "charts without a drawing"
grep -q '<title>koan: what bits bring</title>' dom.html || fail "something changed the title"
! grep -q '<h1>HACKED' dom.html || fail "a model's text became an element"
python3 - "$work" <<'P' || fail "a request left the page"
import json, sys
text = open(sys.argv[1] + "/net.json").read().rstrip().rstrip(",")
log = json.loads(text if text.endswith("}") else text + "]}")
kinds = {value: name for name, value in log["constants"]["logEventTypes"].items()}
urls = {e["params"]["url"] for e in log["events"] if kinds[e["type"]] == "URL_REQUEST_START_JOB" and "url" in e.get("params", {})}
bad = [url for url in urls if "example.com" in url or "vega" in url or url.startswith("ws")]
assert not bad, bad
P
look --window-size=1100,12000 --screenshot="$work/page.png" >/dev/null 2>&1
[ -s page.png ] || fail "no picture"
[ -z "${KOAN_KEEP:-}" ] || cp page.html page.png dom.html "$KOAN_KEEP"
echo "$charts charts drawn, no console messages"
