#!/usr/bin/env python3
"""bench/results/test_sets.csv as the Markdown table of the README (bits per byte): bench/table.py FILE.csv"""
import csv, sys

NAMES = {
    "chat_arena_gpt4.txt": "chat, GPT-4", "chat_arena_o3mini.txt": "chat, o3-mini (a third not English)", "science_mmlu_pro.txt": "science answers",
    "math_word_problems.txt": "word problems", "math_competition.txt": "mathematics, JSON", "code_answers.txt": "code answers",
    "arxiv_abstracts.txt": "arXiv abstracts", "wikipedia.txt": "Wikipedia", "alice29.txt": "alice29.txt (1865)", "enwik6": "enwik6 (Wikipedia XML)",
    "plrabn12.txt": "plrabn12.txt (1667)", "kennedy.xls": "kennedy.xls (binary)",
}
COLUMNS = ["koan", "koan -9", "koan -9 --model nano", "koan -2", "xz -9e", "zstd --ultra -22", "brotli -q 11", "bzip2 -9", "zpaq -m5"]


def cells(row):
    values = [None if row[c] == "" else 8 * int(row[c]) / int(row["raw bytes"]) for c in COLUMNS]
    best = min(v for v in values if v is not None)
    return ["" if v is None else f"**{v:.2f}**" if v == best else f"{v:.2f}" for v in values]


def add(total, row):
    for c in ["raw bytes"] + COLUMNS:
        total[c] = "" if row[c] == "" or total.get(c, 0) == "" else total.get(c, 0) + int(row[c])
    total["inputs"] = total.get("inputs", 0) + int(row["inputs"])


rows = list(csv.DictReader(open(sys.argv[1])))
print("| text | KB | " + " | ".join(COLUMNS) + " |\n|---|---|" + "---|" * len(COLUMNS))
for name, label in NAMES.items():
    row = next(r for r in rows if r["kind"] == "whole" and r["name"] == name)
    print(f"| {label} | {int(row['raw bytes']) // 1000} | " + " | ".join(cells(row)) + " |")
total = {}
for row in rows:
    if row["kind"] == "messages":
        add(total, row)
if total:
    print(f"| {total['inputs']} single messages of 0.5-3 KB | {total['raw bytes'] // 1000} | " + " | ".join(cells(total)) + " |")
