#!/usr/bin/env python3
"""Builds the domains of evals/lossless.json from the corpus: make_domains.py CORPUS OUT

OUT/<domain>/train.jsonl and test.jsonl (fields prompt, text, source, group), OUT/all/train.jsonl, OUT/report.json and
OUT/report.md. Everything is drawn with fixed seeds, so two runs write the same bytes. Standard library and the zstd program.

What is promised about the split:
- Test text has not been trained on by the embedded models: from train/* sources it is what valid/ or test/messages held out.
- No prompt (or prompt id) is on both sides, and a training document is dropped if more than half of the 8-word shingles of the
  smaller of it and some test document of ANY domain are in the other one.
- `group` names what records share: the question, or the document that they were cut from. The evaluation resamples groups.
"""
import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import weblog

SEED = 20260324
TRAIN_BYTES = 2_000_000
TEST_BYTES = 140_000  # kept apart from training
MEASURED_BYTES = 80_000  # of them written as test.jsonl: an evaluation codes these thirty times
RECORD_BYTES = 4096
SHINGLE = 8
CONTAINMENT = 0.5
WORD = re.compile(r"\w+")


def read_jsonl(path):
    """The documents of a .jsonl or .jsonl.zst file."""
    if path.suffix != ".zst":
        with open(path, "rb") as lines:
            yield from map(json.loads, lines)
        return
    with subprocess.Popen(["zstd", "-dc", "--long=27", str(path)], stdout=subprocess.PIPE) as child:
        yield from map(json.loads, child.stdout)
    if child.returncode:
        sys.exit(f"make_domains: zstd could not read {path}")


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def size(text):
    return len(text.encode())


def cut(text, limit=RECORD_BYTES):
    """Pieces of at most `limit` bytes that join to the text, each ending with a paragraph, else a line, else a word, else anywhere."""
    data = text.encode()
    while data:
        if len(data) <= limit:
            yield data.decode()
            return
        end = next((at + len(mark) for mark in (b"\n\n", b"\n", b" ")
                    if (at := data.rfind(mark, limit // 2, limit - len(mark) + 1)) >= 0), 0)
        if not end:
            end = limit
            while data[end] & 0xC0 == 0x80:  # inside a character
                end -= 1
        yield data[:end].decode()
        data = data[end:]


# What becomes a record. Each takes a corpus document and yields (prompt, text) in order.
def whole(document):
    """An answer to a prompt; a long one keeps its first piece."""
    text = document.get("text") or document.get("response") or ""
    yield document.get("prompt", ""), next(cut(text), "")


def titled(document):
    """The first line is the title, which the receiver of an article has: it becomes the context (to which koan adds the blank line)."""
    text = document.get("text") or document.get("response") or ""
    title, mark, body = text.partition("\n\n")
    if mark and body and len(title) < 300:
        yield title, next(cut(body))


def pieces(document):
    """A long document in consecutive pieces, without a prompt."""
    for piece in cut(document["text"]):
        if size(piece) >= 256:
            yield "", piece


def prompt_key(document):
    return str(document.get("prompt_id") or document.get("id") or document.get("source", ""))


# adapt/code_answers is left out: it has 34 small problems, and the three of its test part come again in another language in its
# training part, so that no honest interval could be given.
# name: (train files, test files, record function, what two records of one group share)
DOMAINS = {
    "chat": (["train/llm_chat_wildbench"], ["valid/train__llm_chat_wildbench"], whole, prompt_key),
    "science": (["train/llm_science_cot_mmlupro"], ["test/messages/science_mmlu_pro"], whole, prompt_key),
    "math_competition": (["adapt/math_competition/train"], ["adapt/math_competition/test"], whole, prompt_key),
    "math_word_problems": (["adapt/math_word_problems/train"], ["adapt/math_word_problems/test"], whole, prompt_key),
    "code": (["train/code_permissive"], ["valid/train__code_permissive"], pieces, prompt_key),
    "short_json": (["adapt/commonsense_short/train"], ["adapt/commonsense_short/test"], whole, prompt_key),
    "web_log": (None, None, whole, prompt_key),
    "agent_docs": (["train/llm_agent_skill_docs"], ["valid/train__llm_agent_skill_docs"], pieces, prompt_key),
    "encyclopedic": (["train/encyclopedia_wikipedia_2015_sa"], ["valid/train-sa__wikipedia_en_2015"], titled, prompt_key),
    "literary": (["train/prose_novels_eltec"], ["valid/train__prose_novels_eltec"], pieces, prompt_key),
}
# Test sets without training data of their own: how an adapter does on a neighbouring source.
TRANSFER = {"chat_arena": (["test/messages/chat_arena_gpt4"], whole, prompt_key)}


def find(corpus, name):
    for ending in (".jsonl.zst", ".jsonl"):
        if (path := corpus / (name + ending)).exists():
            return path
    sys.exit(f"make_domains: {corpus / name}.jsonl.zst is missing: is {corpus} the corpus folder?")


def documents(corpus, files):
    for name in files:
        yield from read_jsonl(find(corpus, name))


def web_log(seed, limit):
    total = 0
    for number, line in enumerate(weblog.events(seed)):
        total += size(line)
        if total > limit:
            return
        yield {"text": line, "source": f"evals/weblog.py seed {seed}", "id": f"{seed}-{number}"}


def draw_records(docs, make, key, rng):
    """Every document's records, documents in drawn order, one of each group before a second of any."""
    docs = list(docs)
    rng.shuffle(docs)
    seen, rounds = {}, []
    for document in docs:
        group = key(document)
        n = seen.get(group, 0)
        seen[group] = n + 1
        if n == len(rounds):
            rounds.append([])
        rounds[n].append(document)
    for document in (d for r in rounds for d in r):
        made = [{"prompt": p, "text": t, "source": document.get("source") or document.get("model", ""), "group": digest(key(document))}
                for p, t in make(document) if t.strip()]
        if made:
            yield key(document), made


def fill(drawn, limit):
    """Documents until the next would pass the limit."""
    out, total = [], 0
    for key, made in drawn:
        more = sum(size(r["text"]) for r in made)
        if total + more > limit:
            if total > 0.97 * limit:
                break
            continue
        out.append((key, made))
        total += more
    return out


def shingles(text):
    words = WORD.findall(text.lower())
    if len(words) < SHINGLE:
        return {hash_words(words)} if words else set()
    return {hash_words(words[i:i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}


def hash_words(words):
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest(), "little")


class TestIndex:
    """What training documents are compared with: the shingles and prompts of every test document."""

    def __init__(self):
        self.where, self.sizes, self.keys, self.prompts = {}, [], set(), set()

    def add(self, key, made):
        own = shingles("".join(r["text"] for r in made))
        for shingle in own:
            self.where.setdefault(shingle, []).append(len(self.sizes))
        self.sizes.append(len(own))
        self.keys.add(key)
        self.prompts.update(r["prompt"].strip() for r in made if r["prompt"].strip())

    def why_not(self, key, made):
        """Why a training document must go; empty if it may stay."""
        if key in self.keys or any(r["prompt"].strip() in self.prompts for r in made):
            return "same prompt"
        own = shingles("".join(r["text"] for r in made))
        hits = {}
        for shingle in own:
            for test in self.where.get(shingle, ()):
                hits[test] = hits.get(test, 0) + 1
        if any(n > CONTAINMENT * min(len(own), self.sizes[test]) for test, n in hits.items()):
            return "near-duplicate"
        return ""


def write_jsonl(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with open(temporary, "w", encoding="utf-8", newline="\n") as out:
        for record in records:
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    os.replace(temporary, path)


def text_bytes(records):
    return sum(size(r["text"]) for r in records)


def describe(records):
    return {"records": len(records), "text_bytes": text_bytes(records), "groups": len({r["group"] for r in records}),
            "with_prompt": sum(bool(r["prompt"]) for r in records)}


def build_tests(corpus, index):
    tests = {}
    plan = {name: (test, make, key) for name, (_, test, make, key) in DOMAINS.items()} | TRANSFER
    for name, (files, make, key) in plan.items():
        source = documents(corpus, files) if files else web_log(SEED + 1, TEST_BYTES)
        drawn = fill(draw_records(source, make, key, random.Random(f"{SEED} test {name}")), TEST_BYTES)
        for k, made in drawn:
            index.add((name, k), made)
        tests[name] = first_records([r for _, made in drawn for r in made], MEASURED_BYTES)
    return tests


def first_records(records, limit):
    """As many as fit."""
    out, total = [], 0
    for record in records:
        total += size(record["text"])
        if total > limit:
            break
        out.append(record)
    return out


def build_train(corpus, name, index):
    files, _, make, key = DOMAINS[name]
    removed = {"same prompt": 0, "near-duplicate": 0}

    def kept():
        source = documents(corpus, files) if files else web_log(SEED, 2 * TRAIN_BYTES)
        for k, made in draw_records(source, make, key, random.Random(f"{SEED} train {name}")):
            why = index.why_not((name, k), made)
            if why:
                removed[why] += 1
            else:
                yield k, made

    drawn = fill(kept(), TRAIN_BYTES)
    return [r for _, made in drawn for r in made], removed


def equal_shares(trains):
    """The control: as many bytes as one domain has, the same number from every domain."""
    share = TRAIN_BYTES // len(trains)
    out = []
    for records in trains.values():
        total = 0
        for record in records:
            if total + size(record["text"]) <= share:
                out.append(record)
                total += size(record["text"])
    random.Random(f"{SEED} all").shuffle(out)
    return out


def write_report(out, rows):
    with open(out / "report.json", "w", encoding="utf-8") as file:
        json.dump({"seed": SEED, "shingle_words": SHINGLE, "containment": CONTAINMENT, "domains": rows}, file, indent=1)
    head = ("domain", "train records", "train bytes", "test records", "test bytes", "test groups", "dropped: same prompt", "dropped: near-duplicate")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, row in rows.items():
        train, test, removed = row.get("train", {}), row.get("test", {}), row.get("removed_from_train", {})
        cells = (name, train.get("records"), train.get("text_bytes"), test.get("records"), test.get("text_bytes"), test.get("groups"),
                 removed.get("same prompt"), removed.get("near-duplicate"))
        lines.append("| " + " | ".join("-" if c is None else str(c) for c in cells) + " |")
    (out / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("corpus", type=Path, help="the corpus folder (train/, valid/, adapt/, test/)")
    parser.add_argument("out", type=Path, help="where to write one folder per domain")
    arguments = parser.parse_args()
    index, rows, trains = TestIndex(), {}, {}
    tests = build_tests(arguments.corpus, index)
    for name, records in tests.items():
        write_jsonl(arguments.out / name / "test.jsonl", records)
        rows[name] = {"test": describe(records)}
    for name in DOMAINS:
        trains[name], removed = build_train(arguments.corpus, name, index)
        write_jsonl(arguments.out / name / "train.jsonl", trains[name])
        rows[name] |= {"train": describe(trains[name]), "removed_from_train": removed}
        print(f"make_domains: {name}: {len(trains[name])} training records", file=sys.stderr)
    everything = equal_shares(trains)
    write_jsonl(arguments.out / "all" / "train.jsonl", everything)
    rows["all"] = {"train": describe(everything)}
    write_report(arguments.out, rows)


if __name__ == "__main__":
    main()
