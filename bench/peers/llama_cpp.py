#!/usr/bin/env python3
"""Tokens per second of koan and llama.cpp on one model file and the same cores: llama_cpp.py TOKEN_SPEED [ROUNDS [THREADS [OUT.csv]]]

The model has SmolLM2-135M's shape, random weights and Q8_0 (smollm_shape.py). The two programs run in turn, ROUNDS times (default 3), so that
they meet the same neighbours; the CSV has every round. THREADS: default one per core; on a busy machine 1, because llama.cpp's threads wait for each
other by spinning. TOKEN_SPEED: the program built from bench/token_speed.cpp. Columns: bench/README.md."""
import csv
import glob
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
SEGMENT, STREAMS = 200, 64  # one segment for each stream of each thread
ONE_STREAM = 1500  # bytes of a text that is one segment, which all threads work on
PREFILL, DECODE = 256, 16
FIELDS = ["round", "load", "tool", "what", "tokens_per_second", "threads"]


def output_of(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(program, model, text, one_text, long_text, threads):
    ours = output_of([program, model, text, str(SEGMENT), str(threads)])
    one = output_of([program, model, one_text, str(ONE_STREAM), str(threads), "1"])
    yield f"koan ({ours['kernels']})", "encode", ours["encode"]
    yield f"koan ({ours['kernels']})", f"decode, {ours['streams'] * threads} streams", ours["decode"]
    yield f"koan ({ours['kernels']})", "encode, one stream", one["encode"]
    yield f"koan ({ours['kernels']})", "decode, one stream", one["decode"]
    theirs = output_of(["node", os.path.join(HERE, "llama_cpp.mjs"), model, long_text, str(threads), str(PREFILL), str(DECODE)])
    yield "llama.cpp", f"prefill, batch of {PREFILL}, last distribution", theirs["prefill"]
    yield "llama.cpp", f"prefill, batch of {PREFILL}, all distributions", theirs["prefill_logits"]
    yield "llama.cpp", "decode, one stream", theirs["decode"]


def main():
    given = dict(enumerate(sys.argv))
    program, rounds, threads = given[1], int(given.get(2, 3)), int(given.get(3, len(os.sched_getaffinity(0))))
    out = given.get(4, os.path.join(ROOT, "bench/results/llama_cpp_speed.csv"))
    with tempfile.TemporaryDirectory() as folder, open(out, "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        model, text, one_text = (os.path.join(folder, name) for name in ("model.gguf", "text", "one_text"))
        sources = sorted(glob.glob(os.path.join(ROOT, "docs/*.md")) + glob.glob(os.path.join(ROOT, "src/*/*.h")))
        subprocess.run([sys.executable, os.path.join(HERE, "smollm_shape.py"), model, *sources], check=True)
        long_text = os.path.join(ROOT, "docs/format.md")
        with open(long_text, "rb") as source:
            whole = source.read()
        for path, size in (text, SEGMENT * STREAMS * threads), (one_text, ONE_STREAM):
            with open(path, "wb") as copy:
                copy.write(whole[:size])
        for number in range(1, rounds + 1):
            load = f"{os.getloadavg()[0]:.1f}"
            for tool, what, rate in measure(program, model, text, one_text, long_text, threads):
                writer.writerow(dict(zip(FIELDS, (number, load, tool, what, f"{rate:.1f}", threads))))
                file.flush()
                print(number, tool, what, f"{rate:.1f}", flush=True)


main()
