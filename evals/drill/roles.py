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
    """The ten questions about an attempt: what is wrong in each step. Sign and second number of a step do not depend on the steps before it, so that an error does not hide those behind it."""
    out = []
    for i in range(1, min(len(attempt.steps), 4) + 1):
        out += [("sign", i, None), ("second", i, None)]
        if len(attempt.steps) < 4:
            out.append(("right", i, None))
    out += [("count", len(attempt.steps), None)]
    if len(attempt.steps) >= 4:
        out.append(("right", 1, None))
    out += [("even", 0, None), ("digit", 0, None)]
    if attempt.answer.isdigit():
        out += [("above", 0, int(attempt.answer)), ("below", 0, int(attempt.answer)), ("above", 0, 2 * int(attempt.answer))]
    return out[:QUESTIONS]


def pool_list(rng, attempts):
    """Questions that tell attempts apart: what their signs, answers and results say, each once; then the directions."""
    out, answers = [], []
    for attempt in attempts:
        if attempt.answer.isdigit() and int(attempt.answer) not in answers:
            answers.append(int(attempt.answer))
    for i in range(1, 5):
        if len({attempt.step(i)[1] for attempt in attempts if attempt.step(i)}) > 1:
            out.append(("adds", i, None))
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
    "right": "Is step {i} right?", "sign": "Is the sign of step {i} right?", "second": "Is the second number of step {i} right?", "adds": "Does step {i} add?",
    "even": "Is the answer even?", "count": "Are there {i} steps?", "digit": "Is the last digit of the answer larger than 4?",
    "above": "Is the answer larger than {v}?", "below": "Is the answer smaller than {v}?", "is": "Is the answer {v}?", "result": "Is the result of step {i} {v}?",
}


def text_of(question):
    kind, i, v = question
    return TEXTS[kind].format(i=i, v=v)


def truth(question, attempt, solution):
    """What somebody with `solution` says about `attempt`."""
    kind, i, v = question
    mine = solution.step(i) if i else None
    answer = int(solution.answer) if solution.answer.isdigit() else -1
    its = attempt.step(i) if i else None
    if kind == "right":
        return mine is not None and mine == its
    if kind in ("sign", "second"):
        at = 1 if kind == "sign" else 2
        return mine is not None and its is not None and mine[at] == its[at]
    if kind == "adds":
        return mine is not None and mine[1] == "+"
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


def result_of(left, sign, right):
    return {"+": left + right, "-": left - right, "*": left * right, "/": left // max(right, 1)}[sign]


def computed(attempt):
    """An attempt as it would be with right sums: a model that has learned to compute errs in other ways than the samples there are."""
    out, right = [], {}
    for step in attempt.steps:
        if step is None:
            return attempt
        left, sign, second, result = right.get(step[0], step[0]), step[1], right.get(step[2], step[2]), step[3]
        if sign == "/" and (second == 0 or left % second):
            return attempt
        right[result] = result = result_of(left, sign, second)
        if not 0 < result < 5000:
            return attempt
        out.append((left, sign, second, result))
    return Attempt(stories.solution_text(out)) if out else attempt


def otherwise(rng, gold, attempt):
    """A solution of the same shape in which events of this story mean something else: the signs that the attempt has, but for one, mostly. Whoever revises
    towards it must read the answers, for the sentences do not say it. None if no numbers allow it."""
    steps = gold.steps
    for _ in range(8):
        signs = []
        for i, step in enumerate(steps, 1):
            its = attempt.step(i)
            follows = its is not None and step[1] in "+-" and its[1] in "+-"
            signs.append(its[1] if follows else step[1])
        free = [i for i, sign in enumerate(signs) if sign in "+-"]
        if free and rng.random() < 0.8:
            at = rng.choice(free)
            signs[at] = "-" if signs[at] == "+" else "+"
        out = _recomputed(steps, signs)
        if out:
            return Attempt(stories.solution_text(out))
    return None


def _recomputed(steps, signs):
    out, value = [], None
    for i, ((left, _, right, result), sign) in enumerate(zip(steps, signs)):
        part = i + 1 < len(steps) and steps[i + 1][0] != result  # a product that the next step adds or takes away
        if not part:
            left = left if value is None else value
            if sign == "/" and left % right:
                return None
            value = result = result_of(left, sign, right)
        if not 0 < result < 1500:
            return None
        out.append((left, sign, right, result))
    return out


def mistaken(rng, attempt):
    """A text like `attempt` with other signs or second numbers in some steps, computed anew. None if no numbers allow it, or the attempt cannot be read."""
    if None in attempt.steps or not attempt.steps:
        return None
    numbers = [n for _, _, right, result in attempt.steps for n in (right, result)]
    for _ in range(8):
        steps, signs = [], []
        for left, sign, right, result in attempt.steps:
            if rng.random() < 0.3:
                right = rng.choice(numbers) if rng.random() < 0.5 else max(1, right + rng.choice([-10, -2, -1, 1, 2, 10, right]))
            steps.append((left, sign, right, result))
            signs.append(rng.choice("+-*") if rng.random() < 0.3 else sign)
        out = _recomputed(steps, signs)
        if out:
            return Attempt(stories.solution_text(out))
    return None


def compared(rng, question, gold, attempts):
    """Answers about an attempt, as many Yes as No where they exist, in the order of the list from a place drawn by chance: nothing but the comparison says them,
    and hardly a token is spent on what question comes next."""
    attempt = rng.choice(attempts)
    own = rng.choices([gold, rng.choice(attempts), otherwise(rng, gold, attempt), mistaken(rng, attempt), mistaken(rng, gold)], [3, 2, 2, 2, 1])[0] or gold
    if own.text == attempt.text and rng.random() < 0.8:
        own = mistaken(rng, attempt) or own
    if rng.random() < 0.3:
        own, attempt = attempt, own
    asked = question_list(attempt)
    said = {q: truth(q, attempt, own) for q in asked}
    no = [q for q in asked if not said[q]]
    good = [q for q in asked if said[q]]
    if no:
        good = rng.sample(good, min(len(good), len(no) + 1))
    chosen = [q for q in asked if q in no or q in good]
    start = rng.randrange(len(chosen))
    order = (chosen[start:] + chosen[:start])[:rng.choice([3, 10, 10])]
    return turns(lambda q: fill("answer", problem=question, attempt=attempt.text, solution=own.text, question=q), order, said.get)


def made_up_answers(rng, attempts, own):
    """Wrong answers of the kind that occurs: results of steps, and numbers near the right one."""
    near = int(own.answer) if own.answer.isdigit() else 50
    out = [str(step[3]) for attempt in attempts for step in attempt.steps if step]
    out += [str(max(1, near + rng.choice([-100, -20, -10, -9, -2, -1, 1, 2, 9, 10, 20, 100, near]))) for _ in range(8)]
    return rng.sample(out, len(out))


def candidates(rng, attempts, own, right):
    """Distinct answers, as many as eight samples may have, which the arm `select` lists; in random order, so that the place says nothing. `own` is among them if `right`."""
    wanted = rng.choice([2, 3, 4, 5, 6, 6, 7, 7, 8, 8])
    wrong = [a.answer for a in attempts] + made_up_answers(rng, attempts, own)
    out = [own.answer] if right else []
    for answer in dict.fromkeys(wrong):
        if answer != own.answer and len(out) < wanted:
            out.append(answer)
    return rng.sample(out, len(out))


# How often a role is taught for a problem, by the model that is trained: the far side answers, the near side asks and revises.
SHARES = {
    "near": {"attempt": 0.2, "questions": 0.5, "predict": 0.5, "revise": 2.0, "answer": 0.1, "suppose": 0.3, "pool": 0.2, "again": 0.15, "verdict": 0.03, "select": 0.03},
    "far": {"questions": 0.1, "predict": 0.05, "revise": 0.1, "answer": 1.5, "suppose": 0.1, "pool": 0.05, "again": 0.05, "verdict": 0.3, "select": 1.0},
    "compare": {"compare": 1.5, "suppose": 0.15, "verdict": 0.15, "select": 0.6},
}


def records(rng, problem, samples, side):
    """(user, assistant) for the roles drawn for this problem. `samples`: texts of attempts at it."""
    gold, attempts = Attempt(problem["solution"]), [Attempt(text) for text in samples]
    for role, share in SHARES[side].items():
        for _ in range(int(share) + (rng.random() < share % 1)):
            record = one_record(rng, role, problem["question"], gold, attempts)
            if record:
                yield record


def one_record(rng, role, question, gold, attempts):
    attempts = [computed(a) if rng.random() < 0.6 else a for a in attempts]
    attempt = rng.choice(attempts)
    other = otherwise(rng, gold, attempt) or gold
    own = rng.choices([gold, rng.choice(attempts), other], [5, 2, 3])[0]
    asked = question_list(attempt)
    base = {"problem": question, "attempt": attempt.text}
    if role == "attempt":
        return question, gold.text
    if role == "questions":
        return fill("questions", count=str(QUESTIONS), history=PROMPTS["nothing"], **base), numbered([text_of(q) for q in asked])
    if role == "predict":
        at = rng.randrange(len(asked))
        return fill("predict", history=history(asked[:at], attempt, gold), question=text_of(asked[at]), **base), yes(truth(asked[at], attempt, gold))
    if role == "revise":
        target = other if rng.random() < 0.5 else gold
        if rng.random() < 0.15:  # after questions of a pool, as the arm `chosen` asks them
            pool = pool_list(rng, attempts)
            asked = rng.sample(pool, rng.randint(1, min(10, len(pool))))
        return fill("revise", history=history(asked, attempt, target), **base), target.text
    if role == "answer":
        order = rng.sample(asked, len(asked))[:rng.choice([1, 5, 10])]
        return turns(lambda q: fill("answer", solution=own.text, question=q, **base), order, lambda q: truth(q, attempt, own))
    if role == "compare":
        return compared(rng, question, gold, attempts)
    if role == "suppose":
        order = pool_list(rng, attempts)
        order = rng.sample(order, len(order))[:rng.choice([1, 4, 8])]
        return turns(lambda q: fill("suppose", problem=question, attempt=own.text, question=q), order, lambda q: truth(q, attempt, own))
    if role == "pool":
        return fill("pool", problem=question, candidates=numbered([a.text for a in attempts]), count=str(POOL)), numbered([text_of(q) for q in pool_list(rng, attempts)])
    if role == "again":
        return fill("again", problem=question, candidates=numbered(candidates(rng, attempts, gold, False))), gold.text
    if role == "verdict":
        return fill("verdict", solution=own.text, **base), "CORRECT" if attempt.answer == own.answer else "INCORRECT"
    listed = candidates(rng, attempts, own, rng.random() < 0.75)  # select
    choice = str(listed.index(own.answer) + 1) if own.answer in listed else "NONE"
    return fill("select", problem=question, solution=own.text, candidates=numbered(listed)), choice
