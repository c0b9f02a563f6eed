# Problems in the layouts of the published benchmarks, made up: benchmarks.py FOLDER COUNT
import json
import sys

folder, count = sys.argv[1], int(sys.argv[2])


def write(name, rows):
    with open(folder + "/" + name, "w") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")


numbers = range(count)
write("gsm8k_test.jsonl", [
    {"id": f"g{i}", "question": f"A farm has {17 + i} hens and 25 ducks. How many birds?", "answer": str(42 + i),
     "solution": f"{17 + i} + 25 = <<{17 + i}+25={42 + i}>>{42 + i}"} for i in numbers])
write("math_test.jsonl", [
    {"id": f"m{i}", "question": f"What is $\\frac{{{2 * i + 84}}}{{2}}$?", "answer": str(42 + i), "level": f"Level {i % 5 + 1}",
     "solution": f"It is $\\boxed{{{42 + i}}}$.", "type": "Algebra"} for i in numbers])
write("mbpp.jsonl", [
    {"id": f"mbpp-{i + 11}", "question": f"Write a function to add {i}.", "solution": f"def add(x):\n    return x + {i}",
     "tests": [f"assert add(1) == {1 + i}"], "test_setup_code": ""} for i in numbers])
write("mmlu_pro.jsonl", [
    {"id": f"p{i}", "question": f"Which number is {i} more than 40?", "choices": [str(i + 40), str(i + 41), str(i + 42)],
     "answer": "A", "category": "math", "in_train": False} for i in numbers])
