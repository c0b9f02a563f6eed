"""What each role of the question-asking protocol says in a drill problem, and the prompts it is said to (src/ask/data/prompts_drill.json).

Answers follow from comparing an attempt with a solution, so that a model that learns them answers from its own solution, right or wrong.
"""
import json
import pathlib
import re

import stories

PROMPTS = json.loads((pathlib.Path(__file__).resolve().parents[2] / "src/ask/data/prompts_drill.json").read_text())
QUESTIONS, POOL = 10, 12
STEP = re.compile(r"^(\d+)\. (\d+) ([-+*/]) (\d+) = (\d+)$")


def fill(role, **fields):
    text = PROMPTS[role]["user"]
    for name, value in fields.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def numbered(items):
    return "\n".join(f"{i}. {item}" for i, item in enumerate(items, 1)) if items else PROMPTS["nothing"]


class Attempt:
    """A text as far as it can be read: steps as (left, operator, right, result) or None, answer as a string."""

    def __init__(self, text):
        self.text, self.steps, self.answer = text, [], ""
        for line in text.splitlines():
            if line.startswith("Answer:"):
                self.answer = line[len("Answer:"):].strip()
                continue
            match = STEP.match(line)
            self.steps.append((int(match[2]), match[3], int(match[4]), int(match[5])) if match else None)

    def step(self, i):
        return self.steps[i - 1] if i <= len(self.steps) else None


def question_list(attempt):
    """The ten questions about an attempt: where it goes wrong first, then in which direction."""
    out = []
    for i, step in enumerate(attempt.steps[:4], 1):
        out.append(("right", i, None))
        if step:
            out.append(("larger", i, step[3]))
    out += [("even", 0, None), ("count", len(attempt.steps), None)]
    out += [("numbers", i, None) for i in range(1, len(attempt.steps) + 1)]
    out += [("digit", 0, None)]
    if attempt.answer.isdigit():
        out += [("above", 0, int(attempt.answer)), ("below", 0, int(attempt.answer)), ("above", 0, 2 * int(attempt.answer))]
    return out[:QUESTIONS]


def pool_list(rng, attempts):
    """Questions that tell attempts apart: what their answers and results say, each once; then the directions."""
    out, answers = [], []
    for attempt in attempts:
        if attempt.answer.isdigit() and int(attempt.answer) not in answers:
            answers.append(int(attempt.answer))
    out += [("is", 0, value) for value in answers]
    for i in range(1, 5):
        results = []
        for attempt in attempts:
            step = attempt.step(i)
            if step and step[3] not in results:
                results.append(step[3])
        if len(results) > 1:
            out += [("result", i, value) for value in results]
    for value in answers:
        out.append(("above", 0, value))
    out += [("even", 0, None), ("digit", 0, None)]
    out += [("count", n, None) for n in (3, 2, 4)]
    return out[:POOL]


TEXTS = {
    "right": "Is step {i} right?", "larger": "Is the result of step {i} larger than {v}?", "even": "Is the answer even?", "count": "Are there {i} steps?",
    "numbers": "Does step {i} use the right numbers?", "digit": "Is the last digit of the answer larger than 4?", "above": "Is the answer larger than {v}?",
    "below": "Is the answer smaller than {v}?", "is": "Is the answer {v}?", "result": "Is the result of step {i} {v}?",
}


def text_of(question):
    kind, i, v = question
    return TEXTS[kind].format(i=i, v=v)


def truth(question, attempt, solution):
    """What somebody with `solution` says about `attempt`."""
    kind, i, v = question
    mine = solution.step(i) if i else None
    answer = int(solution.answer) if solution.answer.isdigit() else -1
    if kind == "right":
        return mine is not None and mine == attempt.step(i)
    if kind == "larger":
        return mine is not None and mine[3] > v
    if kind == "numbers":
        its = attempt.step(i)
        return mine is not None and its is not None and sorted((mine[0], mine[2])) == sorted((its[0], its[2]))
    if kind == "count":
        return len(solution.steps) == i
    if kind == "result":
        return mine is not None and mine[3] == v
    return {"even": answer >= 0 and answer % 2 == 0, "digit": answer % 10 > 4, "above": answer > (v or 0), "below": answer < (v or 0), "is": answer == v}[kind]


def yes(value):
    return "Yes" if value else "No"


def turns(first, questions, answer):
    """One conversation: the first question in its prompt, the others behind it as turns of their own, so that a text teaches many answers."""
    user, assistant = first(text_of(questions[0])), yes(answer(questions[0]))
    for question in questions[1:]:
        assistant += f"\n\nUser: {text_of(question)}\n\nAssistant: {yes(answer(question))}"
    return user, assistant


def history(questions, attempt, solution):
    return numbered([f"{text_of(q)} {yes(truth(q, attempt, solution))}" for q in questions])


# How often a role is taught for a problem, by the model that is trained: the far side answers, the near side asks and revises.
SHARES = {
    "near": {"attempt": 0.4, "questions": 0.3, "predict": 0.2, "revise": 1.0, "answer": 0.1, "suppose": 0.2, "pool": 0.15, "again": 0.15, "verdict": 0.03, "select": 0.03},
    "far": {"attempt": 1.0, "questions": 0.15, "predict": 0.1, "revise": 0.2, "answer": 1.0, "suppose": 0.1, "pool": 0.1, "again": 0.1, "verdict": 0.3, "select": 0.4},
}


def records(rng, problem, samples, side):
    """(user, assistant) for the roles drawn for this problem. `samples`: texts of attempts at it."""
    question, gold = problem["question"], Attempt(problem["solution"])
    attempts = [Attempt(text) for text in samples]
    wrong = [a for a in attempts if a.answer != gold.answer]
    attempt = rng.choice(wrong if wrong and rng.random() < 0.5 else attempts)
    asked = question_list(attempt)
    own = gold if rng.random() < 0.7 else rng.choice(attempts)
    base = {"problem": question, "attempt": attempt.text}
    for role, share in SHARES[side].items():
        if rng.random() >= share:
            continue
        if role == "attempt":
            yield question, gold.text
        elif role == "questions":
            yield fill("questions", count=str(QUESTIONS), history=PROMPTS["nothing"], **base), numbered([text_of(q) for q in asked])
        elif role == "predict":
            at = rng.randrange(len(asked))
            yield fill("predict", history=history(asked[:at], attempt, gold), question=text_of(asked[at]), **base), yes(truth(asked[at], attempt, gold))
        elif role == "revise":
            yield fill("revise", history=history(asked, attempt, gold), **base), gold.text
        elif role == "answer":
            order = rng.sample(asked, len(asked))[:rng.choice([1, 4, 8])]
            yield turns(lambda q: fill("answer", solution=own.text, question=q, **base), order, lambda q: truth(q, attempt, own))
        elif role == "suppose":
            order = pool_list(rng, attempts)
            order = rng.sample(order, len(order))[:rng.choice([1, 4, 8])]
            yield turns(lambda q: fill("suppose", problem=question, attempt=own.text, question=q), order, lambda q: truth(q, attempt, own))
        elif role == "pool":
            listed = pool_list(rng, attempts)
            yield (fill("pool", problem=question, candidates=numbered([a.text for a in attempts]), count=str(POOL)), numbered([text_of(q) for q in listed]))
        elif role == "again" and wrong:
            finals = list(dict.fromkeys(a.answer for a in wrong))
            yield fill("again", problem=question, candidates=numbered(finals)), gold.text
        elif role == "verdict":
            yield fill("verdict", solution=own.text, **base), "CORRECT" if attempt.answer == own.answer else "INCORRECT"
        elif role == "select":
            finals = [a.answer for a in attempts]
            ranked = sorted(dict.fromkeys(finals), key=lambda text: -finals.count(text))
            choice = str(ranked.index(own.answer) + 1) if own.answer in ranked else "NONE"
            yield fill("select", problem=question, solution=own.text, candidates=numbered(ranked)), choice
