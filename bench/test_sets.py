#!/usr/bin/env python3
"""Sizes of koan and its rivals on the test sets: bench/test_sets.py [KOAN] [TEST_DIR] [SETS] -> CSV on stdout.

SETS: any of whole,standard,messages (default all three), so that they can be measured side by side.

Whole files and single messages (without their prompts). Every koan size is of a real file that was decoded again and compared.
Rivals run as the installed programs; one that is missing leaves its column empty. koan -2 (context mixing without a model)
and -9 (one long stream; small, and nano) are measured on whole files only: a message is coded the same way at every level.
"""
import csv, glob, json, os, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers"))
import tools

KOAN = sys.argv[1] if len(sys.argv) > 1 else "build/koan"
TEST = sys.argv[2] if len(sys.argv) > 2 else "../shared/corpus/test"
SETS = (sys.argv[3] if len(sys.argv) > 3 else "whole,standard,messages").split(",")
LEVELS = {"koan": ["-6"], "koan -2": ["-2"], "koan -9 --model nano": ["-9", "--model", "nano"], "koan -9": ["-9"]}
COLUMNS = {"xz -9e": "xz -9e", "zstd --ultra -22": "zstd --ultra -22", "brotli -q 11": "brotli -q 11 -w 24", "bzip2 -9": "bzip2 -9", "zpaq -m5": "zpaq -m5"}
RIVALS = {column: next(t for t in tools.RIVALS if t.title == title) for column, title in COLUMNS.items()}


def rival_size(name, path, folder):
    tool = RIVALS[name]
    if not tool.is_here():
        return None
    coded = os.path.join(folder, tools.ENDINGS[tool.name])
    if os.path.exists(coded):
        os.remove(coded)
    tool.run(False, folder, path, os.path.basename(coded))
    return os.path.getsize(coded)


def koan_sizes(paths, level):
    subprocess.run([KOAN, "compress", "-q", "-f"] + level + paths, check=True)
    coded = [p + ".koan" for p in paths]
    for path, file in zip(paths, coded):
        back = subprocess.run([KOAN, "decompress", "-q", "-c", file], check=True, capture_output=True).stdout
        if back != open(path, "rb").read():
            sys.exit(f"{path}: did not come back identical")
    return [os.path.getsize(p) for p in coded]


def row(writer, kind, name, paths, folder):
    raw = sum(os.path.getsize(p) for p in paths)
    sizes = {c: sum(koan_sizes(paths, level)) for c, level in LEVELS.items() if c == "koan" or kind == "whole"}
    for rival in RIVALS:
        if rival == "zpaq -m5" and kind != "whole":
            continue
        each = [rival_size(rival, p, folder) for p in paths]
        sizes[rival] = None if None in each else sum(each)
    columns = list(LEVELS) + list(RIVALS)
    writer.writerow([kind, name, len(paths), raw] + ["" if sizes.get(c) is None else sizes[c] for c in columns])
    sys.stdout.flush()


def main():
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["kind", "name", "inputs", "raw bytes"] + list(LEVELS) + list(RIVALS))
    with tempfile.TemporaryDirectory() as folder:
        for path in [p for s in ("whole", "standard") if s in SETS for p in sorted(glob.glob(f"{TEST}/{s}/*"))]:
            copy = os.path.join(folder, os.path.basename(path))
            shutil.copyfile(path, copy)
            row(writer, "whole", os.path.basename(path), [copy], folder)
        for path in sorted(glob.glob(f"{TEST}/messages/*.jsonl")) if "messages" in SETS else []:
            paths = []
            for i, line in enumerate(open(path, encoding="utf-8")):
                record = json.loads(line)
                target = os.path.join(folder, f"message{i}")
                with open(target, "wb") as out:
                    out.write((record.get("response") or record["text"]).encode())
                paths.append(target)
            row(writer, "messages", os.path.basename(path)[:-6], paths, folder)


main()
