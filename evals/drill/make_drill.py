#!/usr/bin/env python3
"""Texts for the pair of models that plays the question-asking protocol offline (docs/training.md, "The drill pair").

    make_drill.py problems --count N --seed S [--test] > problems.jsonl     problems with solutions, fields of evals/tasks/offline.json
    make_drill.py solve --count N --seed S > solve.jsonl                    training text: problems solved
    make_drill.py sums --count N --seed S > sums.jsonl                      training text: steps of solutions without problems
    make_drill.py play --problems P.jsonl --attempts A.jsonl ... --side near|far > play.jsonl   training text: every role of the protocol about real attempts

`attempts` are lines of `koan generate --jsonl --json` for the prompts that `problems` wrote, one file a sample. Everything is drawn from seeds.
"""
import argparse
import json
import random
import sys

import roles
import stories


def prompt_of(user):
    """As a model without a chat template sees a conversation (docs/ask_protocol.md, "Plain rendering")."""
    return f"\n\nUser: {user}\n\nAssistant:"


def write(user, assistant):
    """A reply up to the next turn, where it ends. The prompt is read and not learned (koan-train pack --prompt prompt)."""
    sys.stdout.write(json.dumps({"prompt": prompt_of(user), "text": f" {assistant}\n\nUser:"}) + "\n")


def problems(arguments):
    rng = random.Random(arguments.seed)
    seen = set()
    while len(seen) < arguments.count:
        problem = stories.make_problem(rng, arguments.test, arguments.unknown, arguments.varied)
        if problem.question in seen:
            continue
        seen.add(problem.question)
        print(json.dumps({"id": f"offline-{'test' if arguments.test else 'train'}-{len(seen) - 1}", "question": problem.question, "solution": problem.solution(),
                          "answer": str(problem.answer), "level": f"{len(problem.steps)} steps", "prompt": prompt_of(problem.question),
                          "steps": problem.steps}))


def solve(arguments):
    rng = random.Random(arguments.seed)
    for _ in range(arguments.count):
        problem = stories.make_problem(rng, False, arguments.unknown, arguments.varied)
        write(problem.question, problem.solution())


def sums(arguments):
    """Steps alone: twelve a text, of the sizes that occur."""
    rng = random.Random(arguments.seed)
    for _ in range(arguments.count):
        steps = []
        while len(steps) < 12:
            steps += stories.make_problem(rng, False).steps
        write("", stories.solution_text(rng.sample(steps, 12)))


def play(arguments):
    rng = random.Random(arguments.seed)
    samples = [[json.loads(line)["text"].strip() for line in open(path)] for path in arguments.attempts]
    with open(arguments.problems) as file:
        for number, line in enumerate(file):
            problem = json.loads(line)
            for user, assistant in roles.records(rng, problem, [sample[number] for sample in samples], arguments.side):
                write(user, assistant)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    for name, run in (("problems", problems), ("solve", solve), ("sums", sums), ("play", play)):
        verb = verbs.add_parser(name)
        verb.set_defaults(run=run)
        verb.add_argument("--seed", type=int, default=1)
        if name != "play":
            verb.add_argument("--count", type=int, required=True)
        if name == "problems":
            verb.add_argument("--test", action="store_true")
        if name in ("problems", "solve"):
            verb.add_argument("--unknown", type=float, default=0, help="share of events told with made-up verbs")
            verb.add_argument("--varied", type=float, default=0, help="share of sentences that say when or where besides")
        if name == "play":
            verb.add_argument("--problems", required=True)
            verb.add_argument("--attempts", nargs="+", required=True)
            verb.add_argument("--side", choices=roles.SHARES, required=True)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
