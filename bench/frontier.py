#!/usr/bin/env python3
"""The lossless frontier of this machine: bench/frontier.py [--koan PROGRAM] [--out CSV] [--figure SVG] [--adapters DIR,...] [FILE...]

Bits per byte against processor time for rivals, and for koan by level, model and adapter, into a CSV (columns: bench/README.md, Frontier), every
file decoded again and compared; then the figure, drawn by koan report in headless Chromium. Rows that the CSV has are not measured again: a run
that was stopped goes on, and without new rows only the figure is made. Default files: a general text, and answers to word problems that no
adapter saw (train-work/domains, by evals/make_domains.py), with the adapters of that domain (koan eval lossless trains them).

--figure-only draws what is there. Without Chromium there is no figure, and a message."""
import argparse
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(HERE, "peers"))
import tools
from measure import Measurement

GENERAL = "../shared/corpus/test/standard/alice29.txt"
DOMAIN = "math_word_problems"
FIELDS = ["file", "group", "tool", "version", "options", "bytes_in", "bytes_out", "bits_per_byte", "runs", "compress_seconds", "compress_min", "compress_max",
          "decompress_seconds", "decompress_min", "decompress_max", "compress_cpu_seconds", "decompress_cpu_seconds", "compress_peak_bytes",
          "decompress_peak_bytes", "model_bytes", "adapter_sha256", "load", "sha256"]
KEY = ("file", "sha256", "tool", "version", "options", "adapter_sha256")
# Options of koan by what they use. Not again: nano at -7 is -6, and at -8 is -9 on files of this size.
SETTINGS = {
    "koan, no model": ["-1", "-2"],
    "koan, nano": ["-3", "-4", "-5", "-6", "-9 --model nano"],
    "koan, small": ["-5 --model small", "-7", "-8", "-9"],
}
WITH_ADAPTER = {"nano": ["-6", "-9"], "small": ["-7", "-9"]}  # the adapter decides over the model
RIVALS = {"gzip -9", "bzip2 -9", "bzip3 -b 16", "xz -9e", "zstd -3", "zstd -19", "zstd --ultra -22", "brotli -q 11 -w 24", "7z PPMd -mx=9", "zpaq -m5", "lrzip -z"}


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def models_of(program):
    said = json.loads(subprocess.run([program, "models", "--json"], check=True, capture_output=True, text=True).stdout)
    return {model["name"].removeprefix("koan-"): (model["file_bytes"], model["sha256"]) for model in said["files"]}


def base_of(program, adapter):
    """Name of the embedded model that it was trained on, or nothing."""
    said = subprocess.run([program, "adapters", "info", "--json", adapter], capture_output=True, text=True)
    if said.returncode:
        return None
    base = json.loads(said.stdout)["files"][0]["base"]["sha256"]
    return next((name for name, (_, hash_) in models_of(program).items() if hash_ == base), None)


class Frontier:
    def __init__(self, options):
        self.options, self.failed = options, False
        self.models = models_of(options.koan)
        self.known = set()
        if os.path.exists(options.out):
            with open(options.out, newline="") as file:
                self.known = {tuple(row[field] for field in KEY) for row in csv.DictReader(file)}
        else:
            self.append(None)

    def append(self, row):
        with open(self.options.out, "a", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader() if row is None else writer.writerow(row)

    def measure(self, path, tool, group, model_bytes=0, adapter_hash=""):
        row = {"file": os.path.basename(path), "group": group, "tool": tool.name, "version": tool.version(), "options": tool.shown, "bytes_in": os.path.getsize(path),
               "adapter_sha256": adapter_hash, "sha256": sha256(path)}
        if tuple(row[field] for field in KEY) in self.known:
            return
        with tempfile.TemporaryDirectory() as folder:
            shutil.copyfile(path, f"{folder}/raw")
            measurement = Measurement(tool, folder, 1800)
            try:
                measurement.run(self.options.repeats)
            except (subprocess.SubprocessError, OSError, ValueError) as error:
                print(f"FAILED: {tool.name} {tool.shown} on {row['file']}: {error}", file=sys.stderr, flush=True)
                self.failed = True
                return
            row |= measurement.row()
            row |= {"compress_cpu_seconds": f"{measurement.processor_seconds(False):.4f}", "decompress_cpu_seconds": f"{measurement.processor_seconds(True):.4f}",
                    "model_bytes": model_bytes, "load": f"{os.getloadavg()[0]:.1f}"}
        self.append(row)
        print(f"{row['file']:26} {tool.name + ' ' + tool.shown:34} {row['bits_per_byte']} bits/byte  {row['compress_cpu_seconds']} + {row['decompress_cpu_seconds']} s", flush=True)

    def koan(self, path, shown, group, adapter=None, base=None):
        # One thread: processor time then is what the work takes.
        words = shown + " -T1" + (f" --adapter {adapter}" if adapter else "")
        tool = tools.koan(self.options.koan, words)
        if adapter:
            tool.decompress += ["--adapter", adapter]
        tool.shown = shown + (" + adapter" if adapter else "")
        # The model that the options mean: nano from level 3, small from level 7, unless they say which.
        model = base or next((word for word in ("nano", "small") if word in shown), None if shown in SETTINGS["koan, no model"] else "nano" if shown < "-7" else "small")
        size = (self.models[model][0] if model else 0) + (os.path.getsize(adapter) if adapter else 0)
        self.measure(path, tool, group, size, sha256(adapter) if adapter else "")

    def file(self, path, adapters):
        for tool in tools.RIVALS:
            tool.shown = tool.options
            if tool.title in RIVALS and tool.is_here():
                self.measure(path, tool, "others")
            elif tool.title in RIVALS:
                print(f"SKIPPED: {tool.title}: not installed", flush=True)
        for group, settings in SETTINGS.items():
            for shown in settings:
                self.koan(path, shown, group)
        for adapter in adapters:
            base = base_of(self.options.koan, adapter)
            if base not in WITH_ADAPTER:
                print(f"SKIPPED: {adapter}: not for nano or small as they are now", flush=True)
                continue
            for shown in WITH_ADAPTER[base]:
                self.koan(path, shown, f"koan, {base} + adapter", adapter, base)


def answers_of(records, folder):
    """The texts of a domain's test file as one file."""
    path = os.path.join(folder, DOMAIN + ".txt")
    with open(records, encoding="utf-8") as lines, open(path, "w", encoding="utf-8") as out:
        for line in lines:
            out.write(json.loads(line)["text"].rstrip("\n") + "\n\n")
    return path


def draw(program, measurements, figure):
    """The charts of koan report's page as one SVG."""
    browser = next((b for b in ("chromium", "chromium-browser", "google-chrome") if shutil.which(b)), None)
    if not browser:
        print("SKIPPED: no figure without Chromium", flush=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "report", "-q", measurements, "-o", f"{folder}/page.html"], check=True)
        page = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=30000", f"--user-data-dir={folder}/profile",
                               "--dump-dom", f"file://{folder}/page.html"], check=True, capture_output=True, text=True, env=os.environ | {"HOME": folder}).stdout
    titles = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    charts = re.findall(r'<svg[^>]*class="marks".*?</svg>', page, re.DOTALL)
    if not charts or len(charts) != len(titles):
        sys.exit("the page has no charts")
    out, top, width = [], 8, 0
    for title, chart in zip(titles, charts):
        size = [float(n) for n in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', chart).groups()]
        inner = re.sub(r"<svg[^>]*>", f'<svg x="8" y="{top + 24:.0f}" width="{size[0]:.0f}" height="{size[1]:.0f}" viewBox="0 0 {size[0]:g} {size[1]:g}">', chart, count=1)
        out.append(f'<text x="14" y="{top + 16:.0f}" font-weight="600" font-size="13" fill="#1f2328">{title}</text>{inner}')
        top, width = top + 36 + size[1], max(width, size[0] + 16)
    os.makedirs(os.path.dirname(figure), exist_ok=True)
    with open(figure, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width:.0f}" height="{top:.0f}" viewBox="0 0 {width:.0f} {top:.0f}" '
                   f'font-family="system-ui, sans-serif" role="img" aria-label="Bits per byte against processor time"><rect width="100%" height="100%" fill="#fdfcf9"/>{"".join(out)}</svg>\n')
    print(f"{figure}: {os.path.getsize(figure)} bytes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--koan", default=os.path.join(ROOT, "build/koan"))
    parser.add_argument("--out", default=os.path.join(ROOT, "bench/results/frontier.csv"))
    parser.add_argument("--figure", default=os.path.join(ROOT, "docs/figures/frontier.svg"))
    parser.add_argument("--figure-only", action="store_true")
    parser.add_argument("--work", default=os.path.join(ROOT, "train-work"), help="folder with domains/ and the adapters")
    parser.add_argument("--adapters", default="lossless/adapters,lossless-small/adapters,lossless-nano/adapters,adapters-nano", help="folders in it, with commas")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("files", nargs="*", help="instead of the two texts; without adapters")
    options = parser.parse_args()
    options.koan = os.path.abspath(options.koan)
    if not options.figure_only:
        frontier = Frontier(options)
        with tempfile.TemporaryDirectory() as folder:
            work = [(path, []) for path in options.files]
            if not options.files:
                records = os.path.join(options.work, "domains", DOMAIN, "test.jsonl")
                adapters = {sha256(path): path for path in (os.path.join(options.work, name, DOMAIN + ".lora.gguf") for name in options.adapters.split(",")) if os.path.exists(path)}
                for path, given in ((os.path.join(ROOT, GENERAL), []), (records, list(adapters.values()))):
                    if os.path.exists(path):
                        work.append((answers_of(path, folder) if path == records else path, given))
                    else:
                        print(f"SKIPPED: no {path}", flush=True)
            for path, given in work:
                frontier.file(path, given)
        if frontier.failed:
            sys.exit(1)
    draw(options.koan, options.out, options.figure)


main()
