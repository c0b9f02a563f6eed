#!/bin/bash
# koan eval lossless from a specification to results: two tiny domains, adapters made here for the embedded model.
. tests/cli/begin.sh
cat >make.py <<'END'
"""Two domains of JSON lines, and three adapters of rank 1 with some values, as GGUF files."""
import json, os, random, struct

rng = random.Random(1)
words = {"sea": "the ship sails over grey waves past an island with gulls".split(), "law": "the court finds that article nine of this act applies".split()}
words["all"] = words["sea"] + words["law"]

def lines(name, n):
    for i in range(n):
        text = " ".join(rng.choice(words[name]) + (f" {i}" if rng.random() < .1 else "") for _ in range(25)) + "."
        yield json.dumps({"prompt": f"About {name}?" if i % 3 else "", "text": text, "source": "made up", "group": f"{name} {i // 2}"}) + "\n"

def string(s):
    return struct.pack("<Q", len(s)) + s.encode()

def adapter(path, name):
    base = random.Random(name)
    keys = [("general.type", "adapter"), ("general.architecture", "qwen3"), ("general.name", name), ("adapter.type", "lora")]
    out = b"GGUF" + struct.pack("<IQQ", 3, 2, len(keys) + 1)
    for key, value in keys:
        out += string(key) + struct.pack("<I", 8) + string(value)
    out += string("adapter.lora.alpha") + struct.pack("<If", 6, 1.0)
    # Width 256, 8 heads of 32: A [1][256], B [256][1].
    for at, (suffix, shape) in enumerate((("a", (256, 1)), ("b", (1, 256)))):
        out += string("blk.0.attn_output.weight.lora_" + suffix) + struct.pack("<IQQIQ", 2, *shape, 0, at * 1024)
    out += bytes(-len(out) % 32)
    out += struct.pack("<512f", *(base.uniform(-1, 1) for _ in range(512)))
    with open(path, "wb") as file:
        file.write(out)

domains = []
os.makedirs("adapters")
for name in ("sea", "law", "all"):
    os.makedirs(f"data/{name}")
    for part, n in (("train", 120), ("test", 6)):
        with open(f"data/{name}/{part}.jsonl", "w") as file:
            file.writelines(lines(name, n))
    adapter(f"adapters/{name}.lora.gguf", name)
    if name != "all":
        domains.append({"name": name, "title": f"about {name}", "kind": "synthetic", "source": "made up", "licence": "none",
                        "seen_by_base": False, "train": f"{name}/train.jsonl", "test": f"{name}/test.jsonl"})
json.dump({"name": "tiny", "version": 1, "data": "data", "make": "python3 make.py", "all_train": "all/train.jsonl", "training": ["--epochs", "1"],
           "fields": {"text": "text", "context": "prompt", "group": "group"}, "bootstrap": {"resamples": 200, "seed": 1, "confidence": 0.95},
           "domains": domains}, open("spec.json", "w"))
END
python3 make.py || fail "make.py"

# What is wrong is said.
expect_error 3 "evals/lossless.json" "$KOAN" eval lossless
expect_error 2 "subcommand" "$KOAN" eval
expect_error 2 "no domain \"sky\"; there are: sea, law" "$KOAN" eval lossless spec.json --domains sea,sky
expect_error 2 "this makes the data: python3 make.py" "$KOAN" eval lossless spec.json --data nowhere
echo '{"name": "x"}' >bad.json
expect_error 2 "bad.json: specification: \"version\" is missing" "$KOAN" eval lossless bad.json
absent train-work

expect 0 "$KOAN" eval lossless spec.json --out out --adapters adapters -T 1
cp .out first
for text in "Bits per byte" "all domains" "sea" "Routing" "koan, routed by trial" "adapter on all data"; do
  grep -qF "$text" first || fail "the tables do not say \"$text\": $(cat first)"
done
said "law: route:trial: "
absent out/work
[ "$(find out/files -name '*.koan' | wc -l)" -eq 14 ] || fail "coded files: $(find out/files)"
for domain in sea law; do # the files are real: koan opens them with the adapters
  for file in out/files/$domain/*.koan; do
    "$KOAN" --adapter adapters/sea.lora.gguf --adapter adapters/law.lora.gguf --adapter adapters/all.lora.gguf -dc "$file" | cmp -s - data/$domain/test.jsonl ||
      fail "$file does not hold data/$domain/test.jsonl"
  done
done
python3 - <<'END' || fail "results.json"
import csv, json, os
results = json.load(open("out/results.json"))
assert [d["domain"] for d in results["domains"]] == ["sea", "law"]
assert [a["name"] for a in results["adapters"]] == ["sea", "law", "all"]
rows = {(r["domain"], r["condition"]): r for r in csv.DictReader(open("out/results.csv"))}
for domain, records in zip(results["domains"], results["records"]):
    name = domain["domain"]
    texts = [len(json.loads(line)["text"].encode()) for line in open(f"data/{name}/test.jsonl")]
    assert domain["text_bytes"] == sum(texts) and records["text_bytes"] == texts and domain["groups"] == 3
    for condition, one in records["conditions"].items():
        assert len(one["record_bytes"]) == 6 and all(n > 0 for n in one["record_bytes"]), condition
        coded = sum(one["record_bytes"]) + one["shared_bytes"]
        row = rows[name, condition] if (name, condition) in rows else rows[name, "correct"]
        assert abs(float(row["coded_bytes"]) - coded) < 1 or (name, condition) not in rows, condition
        if condition == "base" or condition[:5] in ("adapt", "route"):
            assert coded < os.path.getsize(f"out/files/{name}/{condition.replace(':', '.')}.koan"), condition
    base, wrong = (records["conditions"][c]["record_bytes"] for c in ("base", f"adapter:{'law' if name == 'sea' else 'sea'}"))
    assert base != wrong, "the adapter changes nothing"
END

# The same again: nothing is measured, nothing differs.
expect 0 "$KOAN" eval lossless spec.json --out out --adapters adapters -T 1
same .out first
[ "$(grep -c "kept from before" .err)" -eq "$(grep -c ": .*bits/byte" .err)" ] || fail "measured again: $(cat .err)"

# Stopped early it ends with 130, leaves no results, and goes on.
"$KOAN" eval lossless spec.json --out out2 --adapters adapters -T 1 >/dev/null 2>err &
pid=$!
for _ in $(seq 600); do grep -q "base: " err && break; sleep 0.1; done
kill -TERM $pid
wait $pid; got=$?
[ $got -eq 130 ] || fail "exit $got after a signal: $(cat err)"
absent out2/results.json
kept=$(find out2/measured -name '*.json' | wc -l)
[ "$kept" -ge 1 ] || fail "nothing was kept"
expect 0 "$KOAN" eval lossless spec.json --out out2 --adapters adapters -T 1
[ "$(grep -c "kept from before" .err)" -eq "$kept" ] || fail "$kept were kept: $(cat .err)"
same .out first

# JSON is results.json.
expect 0 "$KOAN" eval lossless spec.json --out out --adapters adapters -q --json
same .out out/results.json
silent
clean
