#!/usr/bin/env python3
"""The course of adapter training: bench/adapt_curve.py [--svg FILE] [--by minutes|tokens] LOG...

Reads what `koan-train adapt --log` wrote and prints held-out bits per byte against minutes and tokens as a Markdown
table, one row for each measurement. --svg draws the same. A log may hold several runs: each begins with step 0; a run
that was resumed goes on. A run is called as its file, with a number behind it if the file holds several."""
import argparse, json, math, os, sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 440, 64, 190, 24, 48
COLOURS = ["#1f6fb2", "#d1495b", "#2e8b57", "#8a5fbf", "#c98a1b", "#3aa6a6", "#7a7a7a", "#b2477f"]


def read_runs(path):
    runs = []
    with open(path, encoding="utf-8") as lines:
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
            except ValueError:
                sys.exit(f"{path}: line {number} is no JSON")
            if line.get("step") == 0 and "bits_per_byte" in line:
                runs.append([])
            if "bits_per_byte" not in line and "bits_per_byte_requantised" not in line:
                continue
            if not runs:  # logged from a resumption on
                runs.append([])
            final = "bits_per_byte_requantised" in line
            bits = line["bits_per_byte_requantised"] if final else line["bits_per_byte"]
            runs[-1].append((line["step"], line["seconds"] / 60, line["tokens"], bits, final))
    if not runs:
        sys.exit(f"{path}: no measurement in it")
    name = os.path.basename(path).split(".")[0]
    return [(name if len(runs) == 1 else f"{name} {i + 1}", run) for i, run in enumerate(runs)]


def print_table(runs):
    print("| run | step | minutes | million tokens | bits per byte | against the base |")
    print("|---|---|---|---|---|---|")
    for name, run in runs:
        for step, minutes, tokens, bits, final in run:
            change = "base" if step == 0 else f"{100 * (bits / run[0][3] - 1):+.1f}%" if run[0][0] == 0 else ""
            label = f"{bits:.4f} (as koan runs it)" if final else f"{bits:.4f}"
            print(f"| {name} | {step} | {minutes:.1f} | {tokens / 1e6:.2f} | {label} | {change} |")


def ticks(low, high):
    """Round numbers in [low, high], four to ten of them."""
    step = 1.0
    while (high - low) / step > 10:
        step *= 10
    while (high - low) / step < 1:
        step /= 10
    step *= next(f for f in (0.1, 0.2, 0.5, 1) if (high - low) / (step * f) <= 10)
    first = math.ceil(low / step)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def svg(runs, by):
    column = 1 if by == "minutes" else 2
    scale = 1 if by == "minutes" else 1e-6
    points = [(name, [(p[column] * scale, p[3]) for p in run if not p[4]]) for name, run in runs]
    most_x = max(x for _, line in points for x, _ in line) or 1
    low = min(y for _, line in points for _, y in line)
    high = max(y for _, line in points for _, y in line)
    low, high = low - 0.05 * (high - low or 1), high + 0.05 * (high - low or 1)
    across = lambda x: LEFT + x / most_x * (WIDTH - LEFT - RIGHT)
    down = lambda y: TOP + (high - y) / (high - low) * (HEIGHT - TOP - BOTTOM)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for y in ticks(low, high):
        out.append(f'<path d="M{LEFT} {down(y):.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>'
                   f'<text x="{LEFT - 8}" y="{down(y) + 4:.1f}" text-anchor="end">{y:g}</text>')
    for x in ticks(0, most_x):
        out.append(f'<path d="M{across(x):.1f} {HEIGHT - BOTTOM}v5" stroke="black"/>'
                   f'<text x="{across(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{x:g}</text>')
    out.append(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="black"/>')
    label = "minutes" if by == "minutes" else "million tokens"
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) // 2}" y="{HEIGHT - 10}" text-anchor="middle">{label}</text>')
    out.append(f'<text x="{LEFT}" y="{TOP - 8}">held-out bits per byte</text>')
    for i, (name, line) in enumerate(points):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        name = name.replace("&", "&amp;").replace("<", "&lt;")
        y = TOP + 12 + 18 * i
        out.append(f'<path d="M{WIDTH - RIGHT + 14} {y - 4}h20" stroke="{colour}" stroke-width="2"/>'
                   f'<text x="{WIDTH - RIGHT + 40}" y="{y}">{name}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("logs", nargs="+", metavar="LOG")
parser.add_argument("--svg", metavar="FILE")
parser.add_argument("--by", choices=["minutes", "tokens"], default="minutes", help="what the drawing's axis counts")
arguments = parser.parse_args()
all_runs = [run for log in arguments.logs for run in read_runs(log)]
print_table(all_runs)
if arguments.svg:
    with open(arguments.svg, "w", encoding="utf-8") as file:
        file.write(svg(all_runs, arguments.by))
