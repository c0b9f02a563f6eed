#!/usr/bin/env python3
"""koan and its rivals on the same files, both ways, into one CSV: peers.py [--koan PROGRAM] [--out CSV] [--repeats N] [--limit SECONDS] [FILE...]

Rows that the CSV has already are skipped, so a run that was stopped goes on. Every measured row was decoded again and compared. Default files:
three texts of this repository and, when they are there, two of ../shared/corpus/test. Columns: bench/README.md, Peers."""
import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile

import tools
from measure import Measurement

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../.."))
FILES = ["examples/sample.txt", "docs/format.md", "src/predict/bit_predictor.cpp"] + [f"../shared/corpus/test/{name}" for name in (
    "whole/code_answers.txt", "standard/alice29.txt")]
LEVELS = (1, 3, 5, 6, 9)
FIELDS = ["status", "file", "tool", "version", "options", "bytes_in", "bytes_out", "bits_per_byte", "runs", "compress_seconds", "compress_min",
          "compress_max", "decompress_seconds", "decompress_min", "decompress_max", "compress_peak_bytes", "decompress_peak_bytes", "model_bytes", "load", "source"]
KEY = ("status", "file", "tool", "version", "options", "bytes_in")


def model_bytes_of_levels(program):
    said = json.loads(subprocess.run([program, "models", "--json"], check=True, capture_output=True, text=True).stdout)
    sizes = dict.fromkeys(range(1, 10), 0)
    for model in said["files"]:
        low, high = model.get("levels", (1, 0))
        sizes.update(dict.fromkeys(range(low, high + 1), model["file_bytes"]))
    return sizes


class Results:
    def __init__(self, path):
        self.path, self.known = path, set()
        if os.path.exists(path):
            with open(path, newline="") as file:
                self.known = {self.key(row) for row in csv.DictReader(file)}
        else:
            self.append(None)

    @staticmethod
    def key(row):
        return tuple(str(row.get(field, "")) for field in KEY)

    def append(self, row):
        """None: the header"""
        with open(self.path, "a", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            if row is None:
                writer.writeheader()
            elif self.key(row) not in self.known:
                writer.writerow(row)
                self.known.add(self.key(row))


def measure(path, tool, model_bytes, options, results):
    name = os.path.basename(path)
    row = {"status": "measured", "file": name, "tool": tool.name, "version": tool.version(), "options": tool.options, "bytes_in": os.path.getsize(path)}
    if Results.key(row) in results.known:
        return
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(path, f"{folder}/raw")
        measurement = Measurement(tool, folder, options.limit)
        try:
            measurement.run(options.repeats)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            print(f"FAILED: {tool.title} on {name}: {error}", file=sys.stderr, flush=True)
            options.failed = True
            return
        row |= measurement.row() | {"model_bytes": model_bytes, "load": f"{os.getloadavg()[0]:.1f}", "source": "this run"}
    results.append(row)
    print(f"{name:24} {tool.title:20} {row['bits_per_byte']} bits/byte  {row['compress_seconds']} s  {row['decompress_seconds']} s", flush=True)


def add_published(results):
    with open(os.path.join(HERE, "published.csv"), newline="") as file:
        for row in csv.DictReader(file):
            row["status"] = "published"
            if not row["bits_per_byte"]:
                row["bits_per_byte"] = f"{8 * int(row['bytes_out']) / int(row['bytes_in']):.4f}"
            results.append(row)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--koan", default=os.path.join(ROOT, "build/koan"))
    parser.add_argument("--out", default=os.path.join(ROOT, "bench/results/peers.csv"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=900)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    options.failed, options.koan = False, os.path.abspath(options.koan)
    sizes, results = model_bytes_of_levels(options.koan), Results(options.out)
    for path in options.files or [os.path.join(ROOT, name) for name in FILES]:
        if not os.path.exists(path) and not options.files:
            print(f"SKIPPED: no {path}", flush=True)
            continue
        for level in LEVELS:
            measure(path, tools.koan(options.koan, f"-{level}"), sizes[level], options, results)
        for rival in tools.RIVALS:
            if rival.is_here():
                measure(path, rival, 0, options, results)
            else:
                print(f"SKIPPED: {rival.title}: not installed", flush=True)
    add_published(results)
    sys.exit(1 if options.failed else 0)


main()
