#!/usr/bin/env python3
"""koan and its rivals on the same files, both ways, into one CSV: peers.py [--koan PROGRAM] [--out CSV] [--repeats N] [--limit SECONDS] [FILE...]

Rows that the CSV has already are skipped, so a run that was stopped goes on. Every measured row was decoded again and compared. Default files:
three texts of this repository and, when they are there, two of ../shared/corpus/test. Columns: bench/README.md, Peers."""
import argparse
import csv
import filecmp
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import tools

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "../.."))
FILES = ["examples/sample.txt", "docs/format.md", "src/predict/bit_predictor.cpp"] + [f"../shared/corpus/test/{name}" for name in (
    "whole/code_answers.txt", "standard/alice29.txt")]
LEVELS = (1, 3, 5, 6, 9)
LONG = 5  # seconds; what takes longer is measured once
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


class Measurement:
    """One tool on one file, in a folder of its own."""

    def __init__(self, tool, folder, limit):
        self.tool, self.folder, self.limit = tool, folder, limit
        self.coded = tools.ENDINGS[tool.name]
        self.seconds, self.peak = ([], []), [0, 0]

    def once(self, decompress):
        # GNU time forks the program, so that its peak is not this interpreter's.
        peak = os.path.join(self.folder, "peak")
        start = time.perf_counter()
        self.tool.run(decompress, self.folder, "raw", self.coded, ("time", "-f", "%M", "-o", peak), self.limit)
        seconds = time.perf_counter() - start
        with open(peak) as file:
            self.peak[decompress] = max(self.peak[decompress], 1024 * int(file.read().split()[-1]))
        self.seconds[decompress].append(seconds)
        return seconds

    def clear(self):
        for name in set(os.listdir(self.folder)) - {"raw"}:
            os.remove(os.path.join(self.folder, name))

    def run(self, repeats):
        for _ in range(repeats):
            self.clear()
            seconds = max(self.once(False), self.once(True))
            if not filecmp.cmp(f"{self.folder}/raw", self.back(), shallow=False):
                raise ValueError("other data came back")
            if seconds > LONG:
                break

    def back(self):
        return f"{self.folder}/back"

    def row(self):
        size, raw = os.path.getsize(f"{self.folder}/{self.coded}"), os.path.getsize(f"{self.folder}/raw")
        out = {"bytes_in": raw, "bytes_out": size, "bits_per_byte": f"{8 * size / raw:.4f}", "runs": len(self.seconds[0])}
        for way, seconds, peak in zip(("compress", "decompress"), self.seconds, self.peak):
            out |= {f"{way}_seconds": f"{statistics.median(seconds):.3f}", f"{way}_min": f"{min(seconds):.3f}", f"{way}_max": f"{max(seconds):.3f}",
                    f"{way}_peak_bytes": peak}
        return out


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
