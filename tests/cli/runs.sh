# Sourced by the scripts about koan eval run: ways into results.json.
# value FILE KEY...: what lies there, as JSON.
value() { python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
for key in sys.argv[2:]: v = v[key]
print(json.dumps(v))' "$@"; }
# The results without the time that they took.
timeless() { python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
for arm in v["koan"]["arms"].values(): del arm["seconds"]
print(json.dumps(v))' "$1"; }
