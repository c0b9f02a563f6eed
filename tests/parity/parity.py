#!/usr/bin/env python3
"""koan's next-token distributions beside those of an independent float64 forward pass and of llama.cpp, in bits per token.

    parity.py NEXT_TOKEN [--llama-cpp] [--write FILE.md]

NEXT_TOKEN is the program built from next_token.cpp. Exit status 1 if a divergence is above its floor, or if a deliberately wrong
reference is not noticed. What is compared and what the columns mean: bench/README.md, Parity."""
import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

import gguf
import models
from reference import Reference

HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = os.path.join(HERE, "../../../shared/corpus/weights")
FLOOR = {kind: 0.002 for kind in ("F32", "F16", "BF16", "Q8_0")}  # bits/token; the others below
FLOOR_COARSE = 0.01
# Above the floor, and bounded where they are: gemma2 and gemma3 of six layers in F16, a real model 64 wide with
# heads of eight.
BOUNDS = {"gemma2": 0.0025, "gemma3": 0.004, "stories260K (real file)": 0.006}
POSITIONS = 96
SEEDS = (1, 2, 3)  # random models of one kind, averaged
ALL = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K")


class Case:
    def __init__(self, name, kind, model, adapter, wrong):
        self.name, self.kind, self.model, self.adapter, self.wrong = name, kind, model, adapter, wrong
        self.floor = max(FLOOR.get(kind, FLOOR_COARSE), BOUNDS.get(name, 0))


def random_cases(folder):
    """wrong: what the reference does wrongly in a control of this case"""
    plan = [("llama", "llama", {}, ALL, "rope_pairing"), ("llama, own output layer", "llama", {"tied": False}, ("F16", "Q8_0", "Q4_K", "Q6_K"), None),
            ("llama, frequency divisors", "llama", {"divisors": True}, ("F16", "Q8_0"), "divisors"),
            ("qwen2", "qwen2", {"tied": False}, ("F16", "Q8_0", "Q4_K", "Q6_K"), "bias"),
            ("qwen3", "qwen3", {}, ("F16", "Q8_0", "Q4_K", "Q6_K"), "head_norms"),
            ("qwen3, own output layer", "qwen3", {"tied": False}, ("F16", "Q8_0"), "rope_pairing"),
            ("gemma", "gemma", {}, ("F16", "Q8_0"), None), ("gemma2", "gemma2", {}, ("F16", "Q8_0"), "caps"),
            ("gemma3", "gemma3", {}, ("F16", "Q8_0", "Q4_K"), "local_window")]
    for name, arch, options, kinds, wrong in plan:
        for kind, seed in itertools.product(kinds, SEEDS):
            model = models.RandomModel(arch, kind, seed=seed, **options)
            path = os.path.join(folder, f"{name}-{kind}-{seed}.gguf".replace(" ", "_").replace(",", ""))
            gguf.write(path, model.metadata(), model.tensors)
            yield Case(name, kind, path, None, wrong if (kind, seed) == (kinds[0], 1) else None)
            if name in ("llama", "qwen3") and kind in ("F16", "Q8_0"):
                lora = path + ".lora"
                gguf.write(lora, *models.adapter(model, seed=seed + 100))
                yield Case(name + " + GGUF LoRA", kind, path, lora, "adapter_scale" if (kind, seed) == ("F16", 1) else None)


def real_cases():
    for name, path in (("stories260K", "stories260K/stories260K-F32.gguf"), ("llama-2-tiny-random", "llama-2-tiny-random-gguf/llama-2-tiny-random.gguf")):
        path = os.path.join(WEIGHTS, path)
        if os.path.exists(path):
            _, tensors = gguf.read(path)
            kinds = {kind for tensor, (kind, values) in tensors.items() if values.ndim == 2}
            yield Case(name + " (real file)", max(kinds, key=lambda k: FLOOR.get(k, FLOOR_COARSE)), path, None, None)
        else:
            print(f"SKIPPED: no {path}")


def sequence(vocabulary):
    """Half of it repeats, so that attention over positions matters."""
    tokens = np.random.default_rng(7).integers(0, vocabulary, POSITIONS // 2)
    return np.concatenate([tokens, tokens[::-1]])


def divergence(p, q):
    """Kullback-Leibler divergence of q from p, bits, for each position"""
    return np.sum(np.where(p > 0, p * (np.log2(np.maximum(p, 1e-300)) - np.log2(np.maximum(q, 1e-300))), 0), -1)


def koan(program, case, tokens, folder):
    listed, out = os.path.join(folder, "tokens"), os.path.join(folder, "out")
    with open(listed, "w") as file:
        file.write(" ".join(map(str, tokens)))
    subprocess.run([program, case.model, case.adapter or "-", listed, out], check=True)
    return np.fromfile(out).reshape(len(tokens), -1)


def llama_cpp(cases, tokens, folder):
    jobs = [{"model": os.path.abspath(c.model), "adapter": c.adapter, "tokens": [int(t) for t in tokens[c]], "out": os.path.join(folder, f"logits{i}")}
            for i, c in enumerate(cases)]
    with open(os.path.join(folder, "jobs.json"), "w") as file:
        json.dump(jobs, file)
    subprocess.run(["node", os.path.join(HERE, "llama_cpp.mjs"), file.name], check=True)
    for case, job in zip(cases, jobs):
        logits = np.fromfile(job["out"], "<f4").astype(np.float64).reshape(len(tokens[case]), -1)
        e = np.exp(logits - logits.max(-1, keepdims=True))
        yield e / e.sum(-1, keepdims=True)


class Table:
    HEADER = ["model", "type", "entropy", "koan / float64", "worst", "koan / llama.cpp", "worst", "llama.cpp / float64", "floor"]

    def __init__(self):
        self.rows, self.failures, self.controls = [], [], []

    def check(self, what, value, floor):
        if not value < floor:
            self.failures.append(f"{what}: {value:.5f} bits/token, floor {floor}")

    def add(self, case, runs):
        """runs: (float64, koan, llama.cpp or None) of the models of one kind"""
        exact = [run[0] for run in runs]
        entropy = np.mean([-np.sum(p * np.log2(p + 1e-300), -1) for p in exact])
        row = [case.name, case.kind, f"{entropy:.2f} of {np.log2(exact[0].shape[1]):.2f}"]
        comparisons = [("koan / float64", 0, 1, True)]
        if runs[0][2] is not None:
            comparisons += [("koan / llama.cpp", 2, 1, True), ("llama.cpp / float64", 0, 2, False)]
        for what, p, q, checked in comparisons:
            bits = np.concatenate([divergence(run[p], run[q]) for run in runs])
            row += [f"{bits.mean():.6f}"] + ([f"{bits.max():.6f}"] if checked else [])
            if checked:
                self.check(f"{case.name} {case.kind}: {what}", bits.mean(), case.floor)
        own = " (own bound)" if case.name in BOUNDS and case.floor == BOUNDS[case.name] else ""
        row += [""] * (len(self.HEADER) - 1 - len(row)) + [f"{case.floor}{own}"]
        self.rows.append(row)
        print("  ".join(row), flush=True)

    def control(self, what, bits, floor):
        self.controls.append([what, f"{bits:.4f}"])
        print(f"control: {what}: {bits:.4f}", flush=True)
        if not bits > floor:
            self.failures.append(f"control '{what}' passes with {bits:.5f} bits/token: the comparison cannot fail")

    @staticmethod
    def markdown(header, rows):
        return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header)] + rows)


def reference(case, wrong=None):
    metadata, tensors = gguf.read(case.model)
    tokens = sequence(tensors["token_embd.weight"][1].shape[0])
    adapter = gguf.read(case.adapter) if case.adapter else None
    return tokens, Reference(metadata, tensors, adapter, wrong).probabilities(tokens)


def run(options, folder):
    table, cases = Table(), list(random_cases(folder)) + list(real_cases())
    tokens, exact, ours = {}, {}, {}
    for case in cases:
        tokens[case], exact[case] = reference(case)
        ours[case] = koan(options.program, case, tokens[case], folder)
        if case.wrong:
            _, wrong = reference(case, case.wrong)
            table.control(f"{case.name} {case.kind}, float64 with wrong {case.wrong}", divergence(wrong, ours[case]).mean(), FLOOR_COARSE)
    theirs = dict(zip(cases, llama_cpp(cases, tokens, folder))) if options.llama_cpp else {}
    for _, group in itertools.groupby(sorted(cases, key=lambda c: (c.name, c.kind)), lambda c: (c.name, c.kind)):
        group = list(group)
        table.add(group[0], [(exact[case], ours[case], theirs.get(case)) for case in group])
    if options.llama_cpp:
        adapted = next(c for c in cases if c.adapter)
        base = next(c for c in cases if c.model == adapted.model and not c.adapter)
        table.control("llama.cpp with the adapter, koan without", divergence(theirs[adapted], ours[base]).mean(), FLOOR_COARSE)
    return table


def write(path, table):
    with open(os.path.join(HERE, "package.json")) as file:
        version = json.load(file)["dependencies"]["node-llama-cpp"]
    with open(path, "w") as out:
        out.write(f"""# Next-token distributions: koan, float64, llama.cpp

Written by `tests/parity/parity.py --llama-cpp --write` (bench/README.md, Parity). Mean Kullback-Leibler divergence over {POSITIONS} positions
of each of {len(SEEDS)} random models (one, where it is a real file), bits per token; a / b is the divergence of a from b. `worst` is the largest of one position. llama.cpp of node-llama-cpp {version} on the CPU, which rounds activations of
quantised models, and keys and values to F16. The floor is for the columns with koan.

{Table.markdown(Table.HEADER, table.rows)}

Controls: what must be noticed (each above {FLOOR_COARSE}).

{Table.markdown(["koan against", "bits/token"], table.controls)}
""")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--llama-cpp", action="store_true")
    parser.add_argument("--write")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = run(options, folder)
    if options.write:
        write(options.write, table)
    for failure in table.failures:
        print("FAILED:", failure)
    sys.exit(1 if table.failures else 0)


main()
