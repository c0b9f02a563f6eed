#!/usr/bin/env python3
"""kernels_bench --benchmark_format=json --benchmark_filter='matmul|exact_to_loose' | bench/kernels_csv.py >bench/results/kernels.csv

The table of linear layers: speed, share of the int8 peak measured right before, time over that of the same kernel without the
contract (docs/numerics.md section 11). "pairs of times": how often the two were timed in turn."""
import csv
import json
import sys

FIELDS = ["set", "rows", "inputs", "batch", "int8 GMAC/s", "share of int8 peak", "exact time over loose",
          "lower quartile", "upper quartile", "pairs of times"]


def main():
    rows = {}
    for run in json.load(sys.stdin)["benchmarks"]:
        name, what, *shape = run["name"].split("/")
        row = rows.setdefault((name, *map(int, shape)), dict(zip(FIELDS, (name, *shape))))
        if what == "matmul":
            row["int8 GMAC/s"] = f"{run['MAC/s'] / 1e9:.1f}"
            row["share of int8 peak"] = f"{run['of_peak']:.3f}"
        else:
            row["exact time over loose"] = f"{run['ratio']:.3f}"
            row["lower quartile"] = f"{run['lower_quartile']:.3f}"
            row["upper quartile"] = f"{run['upper_quartile']:.3f}"
            row["pairs of times"] = run["iterations"]
    writer = csv.DictWriter(sys.stdout, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows.values())


main()
