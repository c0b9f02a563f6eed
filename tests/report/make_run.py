#!/usr/bin/env python3
"""A made-up run as koan eval run leaves it (docs/evaluation.md section 8): make_run.py FOLDER [TASK] [SEED]. Its texts are hostile on purpose."""
import hashlib
import json
import math
import os
import random
import sys

HOSTILE = [
    "</script><script>document.title='hacked'</script>",
    "<img src=x onerror=\"document.title='hacked'\">",
    "\"><svg onload=document.title='hacked'>",
    "</pre></details></main><h1>HACKED</h1>",
    "<!-- <script>",
    "&lt;b&gt; & \u202e txet sdrawkcab \x1b[31m \U0001f642 \u4e2d\u6587",
    "<iframe src='https://example.com/leak'></iframe><link rel=stylesheet href=https://example.com/x.css>",
]
#        right by easy, medium, hard; bits; tokens of small and large
ARMS = {
    "small": ((1.0, 0.0, 0.0), 0, 300, 0),
    "retry": ((0.93, 0.24, 0.06), 0, 600, 0),
    "self_consistency": ((0.97, 0.27, 0.05), 0, 1500, 0),
    "random_bits": ((0.85, 0.2, 0.07), 10, 900, 0),
    "constant_yes": ((0.86, 0.21, 0.06), 10, 900, 0),
    "blc": ((0.92, 0.28, 0.09), 10, 1200, 0),
    "qa": ((0.93, 0.42, 0.25), 10, 900, 800),
    "qa_plus": ((0.94, 0.55, 0.3), 10, 700, 1100),
    "select": ((0.96, 0.26, 0.09), 2, 1200, 400),
    "oracle": ((0.99, 0.7, 0.5), 10, 900, 900),
    "rewrite": ((0.99, 0.9, 0.85), 410, 500, 900),
    "large": ((1.0, 1.0, 1.0), 0, 0, 400),
}


def wilson(right, n):
    z, p = 1.959964, right / n
    middle, half = (p + z * z / 2 / n) / (1 + z * z / n), z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return [p, max(0, middle - half), min(1, middle + half)]


def mcnemar(a, b):
    only_a, only_b = sum(x and not y for x, y in zip(a, b)), sum(y and not x for x, y in zip(a, b))
    n, k = only_a + only_b, min(only_a, only_b)
    p = min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2 ** n)
    return {"only_this": only_a, "only_other": only_b, "p": p}


def main():
    folder, task = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "gsm8k"
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    os.makedirs(folder, exist_ok=True)
    levels = [rng.choices(("easy", "medium", "hard"), (6, 3, 1))[0] for _ in range(120)]
    right = {arm: [rng.random() < chances[("easy", "medium", "hard").index(level)] for level in levels] for arm, (chances, *_) in ARMS.items()}
    n, arms, samples = len(levels), {}, []
    small, large = sum(right["small"]) / n, sum(right["large"]) / n
    late = [i for i, level in enumerate(levels) if level != "easy"]
    for arm, (_, bits, tokens_small, tokens_large) in ARMS.items():
        ok = right[arm]
        gain = (sum(ok) / n - small) / (large - small)
        arms[arm] = {
            "n": n, "correct": sum(ok), "accuracy": wilson(sum(ok), n), "recovery": [gain, gain - 0.1, gain + 0.1],
            "recovery_medium_hard": wilson(sum(ok[i] for i in late), len(late)), "n_medium_hard": len(late),
            "harm": wilson(sum(not ok[i] for i in range(n) if levels[i] == "easy"), levels.count("easy")),
            "bits": bits * 0.91, "bits_as_questions": bits, "payload_bytes": math.ceil(bits / 8), "ratio_uniform": bits / (195 * 16.61), "ratio_coded": bits / 270,
            "tokens_small": tokens_small, "tokens_large": tokens_large, "flop": 2e9 * tokens_small + 6e10 * tokens_large, "seconds": tokens_small / 400 + tokens_large / 90,
            "money": tokens_large * 25e-6, "mcnemar": {other: mcnemar(ok, right[other]) for other in ARMS if other != arm},
            "difficulty": {level: {"n": levels.count(level), "correct": sum(x for x, l in zip(ok, levels) if l == level)} for level in ("easy", "medium", "hard")}}
        for i in range(n):
            text = f"{HOSTILE[i % len(HOSTILE)]}\nStep 1: 3 + {i} = {i + 3}. So the answer is #### {i + (0 if ok[i] else 1)}" + (" long" * 4000 if i == 3 else "")
            samples.append({
                "task": task, "doc_id": i, "doc": {"id": f"{task}/{i}{HOSTILE[(i + 2) % 7][:20]}", "level": levels[i], "subject": "arithmetic"}, "doc_hash": f"{i:064x}",
                "arm": arm, "trial": 0, "seed": 7, "target": str(i), "resps": [[text]], "filtered_resps": [str(i + (0 if ok[i] else 1))], "acc": int(ok[i]),
                "why": "" if ok[i] else "differs", "bits": bits, "questions": bits, "payload_bytes": math.ceil(bits / 8), "file_bytes": 40, "answer_bits": 2100 + i,
                "usage": {"small": {"input": 90, "output": tokens_small}, "large": {"input": 90, "output": tokens_large}}, "flop": 1e9, "money": 0, "seconds": 0.5})
    config = {"task": task, "version": 1, "task_sha256": "0" * 64, "small": {"name": "local:nano", "sha256": "1" * 64}, "large": {"name": "<b>big</b>"}, "seed": 7}
    name = hashlib.sha256(json.dumps(config).encode()).hexdigest()
    results = {"results": {}, "configs": {}, "versions": {task: 1}, "n-samples": {task: {"original": n, "effective": n}}, "config": config,
               "koan": {"version": 1, "run": name, "task": task, "problems": n, "arms": arms, "small": "small", "large": "large", "gap": large - small}}
    with open(f"{folder}/results.json", "w") as file:
        json.dump(results, file)
    with open(f"{folder}/samples_{task}.jsonl", "w") as file:
        for sample in samples:
            file.write(json.dumps(sample) + "\n")


main()
