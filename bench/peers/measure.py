"""One compressor on one file, both ways: sizes, times, memory, and that the same data came back. For bench/peers and bench/frontier.py."""
import filecmp
import os
import resource
import statistics
import time

import tools

LONG = 5  # seconds; what takes longer is measured once


def processor_seconds():
    """Of all child processes that ended so far: user and system."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Measurement:
    """One tool on one file, in a folder of its own."""

    def __init__(self, tool, folder, limit):
        self.tool, self.folder, self.limit = tool, folder, limit
        self.coded = tools.ENDINGS[tool.name]
        self.seconds, self.cpu, self.peak = ([], []), ([], []), [0, 0]

    def once(self, decompress):
        # GNU time forks the program, so that its peak is not this interpreter's.
        peak = os.path.join(self.folder, "peak")
        start, used = time.perf_counter(), processor_seconds()
        self.tool.run(decompress, self.folder, "raw", self.coded, ("time", "-f", "%M", "-o", peak), self.limit)
        seconds = time.perf_counter() - start
        self.cpu[decompress].append(processor_seconds() - used)
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

    def processor_seconds(self, decompress):
        return statistics.median(self.cpu[decompress])

    def row(self):
        size, raw = os.path.getsize(f"{self.folder}/{self.coded}"), os.path.getsize(f"{self.folder}/raw")
        out = {"bytes_in": raw, "bytes_out": size, "bits_per_byte": f"{8 * size / raw:.4f}", "runs": len(self.seconds[0])}
        for way, seconds, peak in zip(("compress", "decompress"), self.seconds, self.peak):
            out |= {f"{way}_seconds": f"{statistics.median(seconds):.3f}", f"{way}_min": f"{min(seconds):.3f}", f"{way}_max": f"{max(seconds):.3f}",
                    f"{way}_peak_bytes": peak}
        return out
