"""Word problems of two to four steps, made from sentence templates.

A story is a chain: a quantity is given, changed by up to three events, and asked for. Every list of templates is split: each fourth template is for the
test only, so that no sentence of a test problem (but for names, things and numbers) was seen in training. Words and verbs do occur on both sides.
"""
import random

NAMES = ["Tom", "Ann", "Ben", "Lucy", "Omar", "Mia", "Jack", "Nina", "Paul", "Sara", "Leo", "Ella", "Max", "Ruth", "Sam", "Ida", "Hugo", "Vera", "Carl", "Zoe"]
THINGS = ["apples", "marbles", "books", "coins", "stamps", "pencils", "shells", "cards", "stickers", "buttons", "beads", "eggs", "oranges", "toys", "nuts", "flowers"]

# {N} the person, {F} a friend, {t} things, {a} a number, {b} a second one. Kinds of event: + - add and take away {a}; +* -* add and take away {a} times {b};
# * / multiply and divide by {a}.
STORIES = [
    {
        "start": ["{N} has {a} {t}.", "{N} owns {a} {t}.", "There are {a} {t} in the bag of {N}.", "At the beginning {N} has {a} {t}.",
                  "{N} keeps {a} {t} in a drawer.", "{N} counts {a} {t} on the table.", "{N} starts the week with {a} {t}.", "The bag of {N} holds {a} {t}.",
                  "{N} begins with {a} {t}.", "In a drawer {N} has {a} {t}.", "{N} comes home with {a} {t}.", "In the bag of {N} are {a} {t}."],
        "start*": ["{N} has {a} boxes with {b} {t} in each.", "{N} fills {a} jars with {b} {t} each.", "{N} owns {a} bags of {b} {t}.", "{N} keeps {a} boxes, and each holds {b} {t}.",
                   "There are {a} shelves with {b} {t} on each.", "{N} packs {a} bags. Each bag holds {b} {t}.", "On the table are {a} jars of {b} {t} each.", "{N} counts {a} piles with {b} {t} in each.",
                   "{N} has {a} boxes. In each are {b} {t}.", "{N} puts {b} {t} into each of {a} bags.", "In each of {a} jars {N} keeps {b} {t}.", "{N} has {a} shelves, and each holds {b} {t}."],
        "+": ["{N} buys {a} more.", "{F} gives {N} {a} {t}.", "{N} finds {a} {t} under the bed.", "{N} finds {a} more.", "Then {N} gets {a} {t} as a gift.", "{N} wins {a} {t} in a game.",
              "{F} brings {a} more {t} for {N}.", "As a gift {N} gets {a} more {t}.", "In the shop {N} buys {a} {t}.", "{N} adds {a} {t}.", "A game brings {N} {a} more {t}.", "Later {N} buys {a} {t} from {F}.",
              "{N} buys {a} {t} on Monday.", "{N} gets {a} {t} from {F}.", "Under the bed {N} finds {a} more {t}.", "On Monday {N} finds {a} {t}.", "Then {F} gives {N} {a} more {t}.", "{N} gets {a} more.", "{N} adds {a} more.", "{F} brings {a} {t} for {N}."],
        "-": ["{N} gives {a} {t} to {F}.", "{N} loses {a} of them.", "{N} sells {a} {t}.", "Then {N} loses {a} {t}.", "{F} takes {a} {t} away.", "{a} of the {t} break.", "{N} throws away {a} {t}.",
              "{F} gets {a} {t} from {N}.", "{N} uses {a} {t}.", "Later {N} gives away {a} {t}.", "{N} leaves {a} {t} at school.", "{N} sells {a} of them to {F}.",
              "On Monday {N} loses {a} {t}.", "{N} gives {a} of them away.", "Then {a} {t} break.", "{N} gives {F} {a} of them.", "In the shop {N} sells {a} {t}.", "{F} buys {a} {t} from {N}.", "{N} uses {a} of them.", "On Monday {N} sells {a} {t}."],
        "+*": ["{N} buys {a} packs of {b} {t}.", "{a} friends give {N} {b} {t} each.", "{N} finds {a} bags with {b} {t} each.", "{N} gets {a} more packs, each with {b} {t}.", "Each of {a} friends brings {b} {t} for {N}.",
               "{N} buys {a} bags. Each holds {b} {t}.", "For {a} days {N} buys {b} {t} a day.", "{N} buys {a} more packs of {b} {t}.", "{N} gets {b} {t} from each of {a} friends.", "{N} wins {b} {t} in each of {a} games.", "{N} adds {a} packs of {b} {t}.", "{a} friends bring {N} {b} {t} each."],
        "-*": ["{N} gives {b} {t} to each of {a} friends.", "{N} sells {a} packs of {b} {t}.", "{a} friends take {b} {t} each.", "{N} gives {a} friends {b} {t} each.", "{N} loses {a} bags with {b} {t} each.",
               "{N} uses {b} {t} a day for {a} days.", "Each of {a} friends gets {b} {t} from {N}.", "{N} sells {a} bags with {b} {t} each.", "For {a} days {N} loses {b} {t} a day.", "{N} gives away {a} packs. Each holds {b} {t}.", "{N} throws away {a} bags of {b} {t}.", "{a} friends get {b} {t} each from {N}."],
        "*": [("The number of {t} doubles.", 2), ("{N} then doubles the number of {t}.", 2), ("The number of {t} triples.", 3), ("Then the number of {t} becomes twice as large.", 2),
              ("{N} collects until there are three times as many.", 3), ("{N} triples what is there.", 3), ("{N} collects until there are twice as many.", 2), ("Then there are three times as many {t}.", 3),
              ("{N} buys until there are three times as many.", 3), ("{N} doubles what is there.", 2), ("Then there are twice as many {t}.", 2), ("{N} buys until there are twice as many.", 2)],
        "/": ["{N} puts them into {a} equal piles and keeps one pile.", "{N} shares them equally with friends, so that {a} people have the same.", "{N} divides them into {a} equal parts and takes one part.",
              "They are divided equally among {a} people, and {N} is one of them.", "{N} puts them into {a} equal boxes and keeps one box.", "{N} divides them equally among {a} people and is one of them.", "They are put into {a} equal parts, and {N} takes one part.", "{N} divides them into {a} equal piles and keeps one pile."],
        "end": ["How many {t} does {N} have now?", "How many {t} does {N} have in the end?", "How many {t} are there now?", "What is the number of {t} that {N} has now?", "How many {t} has {N} got at last?", "How many {t} does {N} own now?", "How many {t} has {N} got?", "How many {t} has {N} got in the end?"],
    },
    {
        "start": ["{N} has {a} dollars.", "{N} saves {a} dollars.", "There are {a} dollars in the purse of {N}.", "At the beginning {N} has {a} dollars in the bank.", "{N} owns {a} dollars.", "{N} gets {a} dollars from {F}.", "In the purse of {N} are {a} dollars.", "{N} starts the week with {a} dollars.",
                  "{N} begins with {a} dollars.", "{N} keeps {a} dollars in a drawer.", "{N} counts {a} dollars in the purse.", "{N} comes home with {a} dollars."],
        "start*": ["{N} works {a} hours and earns {b} dollars an hour.", "{N} saves {b} dollars a week for {a} weeks.", "{N} sells {a} lamps for {b} dollars each.", "For {a} weeks {N} earns {b} dollars a week.",
                   "{N} has {a} notes of {b} dollars.", "{N} sells {a} cakes. Each costs {b} dollars.", "For {a} days {N} saves {b} dollars a day.", "{N} works for {a} hours at {b} dollars an hour.",
                   "{N} earns {b} dollars an hour for {a} hours.", "{a} people give {N} {b} dollars each.", "In the purse of {N} are {a} notes of {b} dollars.", "{N} saves {b} dollars in each of {a} weeks."],
        "+": ["{N} earns {a} dollars.", "{N} finds {a} dollars.", "{F} gives {N} {a} dollars.", "Then {N} earns {a} dollars more.", "{N} gets {a} dollars as a gift.", "{N} wins {a} dollars.", "{N} sells a chair for {a} dollars.", "From {F} {N} gets {a} more dollars.",
              "{N} saves {a} dollars.", "On Monday {N} earns {a} dollars.", "{N} gets {a} dollars more.", "Then {F} gives {N} {a} more dollars.", "As a gift {N} gets {a} dollars.", "{F} buys a lamp from {N} for {a} dollars.", "In a game {N} wins {a} dollars.", "On Monday {N} sells a lamp for {a} dollars."],
        "-": ["{N} spends {a} dollars on a book.", "{N} pays {a} dollars for lunch.", "{N} gives {a} dollars to {F}.", "{N} spends {a} dollars.", "{N} buys a hat for {a} dollars.", "{N} loses {a} dollars.", "A ticket costs {N} {a} dollars.", "For a coat {N} pays {a} dollars.",
              "On Monday {N} spends {a} dollars.", "{F} gets {a} dollars from {N}.", "A coat costs {N} {a} dollars.", "On Monday {N} buys a book for {a} dollars.", "For lunch {N} spends {a} dollars.", "Then {N} loses {a} dollars.", "{N} pays {F} {a} dollars.", "Then {N} pays {a} dollars for a hat."],
        "+*": ["{N} sells {a} cups of tea for {b} dollars each.", "{N} works {a} more hours for {b} dollars an hour.", "{N} saves {b} dollars a day for {a} days.", "{N} sells {a} more cakes for {b} dollars each.", "{a} people give {N} {b} dollars each.",
               "For {a} days {N} earns {b} dollars a day.", "{N} sells {a} books. Each costs {b} dollars.", "{N} gets {b} dollars from each of {a} people.", "{N} works {a} hours and earns {b} dollars an hour.", "In each of {a} weeks {N} saves {b} dollars.", "{F} buys {a} cakes from {N} for {b} dollars each.", "For {a} weeks {N} saves {b} dollars a week."],
        "-*": ["{N} buys {a} tickets for {b} dollars each.", "{N} spends {b} dollars a day for {a} days.", "{N} pays {a} people {b} dollars each.", "{N} buys {a} books. Each costs {b} dollars.", "For {a} days {N} pays {b} dollars a day.",
               "{N} gives {b} dollars to each of {a} people.", "{N} pays {b} dollars for each of {a} cups of tea.", "{N} buys {a} cakes for {b} dollars each.", "{a} tickets cost {N} {b} dollars each.", "In each of {a} weeks {N} spends {b} dollars.", "{N} buys {a} hats. Each costs {b} dollars.", "For {a} weeks {N} spends {b} dollars a week."],
        "*": [("{N} doubles the money.", 2), ("The money of {N} triples.", 3), ("The money of {N} doubles.", 2), ("Then {N} has twice as much.", 2), ("Then {N} has three times as much.", 3), ("{N} saves until there is twice as much.", 2), ("{N} saves until there is three times as much.", 3), ("{N} triples the money.", 3)],
        "/": ["{N} shares the money equally with friends, so that {a} people have the same.", "{N} divides the money into {a} equal parts and keeps one part.", "The money is divided equally among {a} people, and {N} is one of them.",
              "{N} puts the money into {a} equal piles and keeps one pile.", "{N} divides the money equally among {a} people and is one of them.", "{N} puts the money into {a} equal parts and takes one part.", "The money is put into {a} equal piles, and {N} keeps one pile.", "{N} divides the money into {a} equal piles and takes one pile."],
        "end": ["How many dollars does {N} have now?", "How much money does {N} have in the end?", "How many dollars are left?", "What is left of the money of {N} in dollars?", "How much money has {N} got now?", "How many dollars has {N} got?", "How many dollars does {N} own now?", "How many dollars has {N} got in the end?"],
    },
    {
        "start": ["{N} walks {a} km from home.", "{N} drives {a} km from home.", "{N} is {a} km away from home.", "From home {N} travels {a} km.", "{N} goes {a} km from home.", "{N} walks {a} km away from home.", "{N} travels {a} km away from home.", "From home {N} drives {a} km."],
        "start*": ["{N} cycles away from home at {b} km an hour for {a} hours.", "For {a} days {N} walks {b} km a day away from home.", "{N} drives {a} hours away from home at {b} km an hour.", "{N} walks away from home, {b} km a day for {a} days.",
                   "For {a} hours {N} goes away from home at {b} km an hour.", "{N} goes away from home at {b} km an hour for {a} hours.", "From home {N} walks {b} km a day for {a} days.", "From home {N} drives {a} hours at {b} km an hour."],
        "+": ["Then {N} walks {a} km further.", "{N} goes on for {a} km.", "{N} drives {a} km further.", "Then {N} goes {a} km further away.", "After lunch {N} travels {a} km further.", "{N} goes {a} km further.", "{N} walks on for {a} km.", "After lunch {N} walks on for {a} km.",
              "Then {N} drives on for {a} km.", "On Monday {N} goes {a} km further.", "{N} travels {a} km further away.", "On Monday {N} walks {a} km further away."],
        "-": ["{N} turns round and goes back {a} km.", "{N} walks {a} km back.", "Then {N} goes {a} km back towards home.", "{N} drives back {a} km.", "{N} comes {a} km closer to home.", "{N} turns round and walks {a} km towards home.", "{N} goes {a} km back.", "After lunch {N} walks back {a} km.",
              "Then {N} drives {a} km back.", "On Monday {N} goes back {a} km.", "{N} walks back {a} km towards home.", "{N} turns round and drives {a} km back."],
        "+*": ["{N} goes on for {a} hours at {b} km an hour.", "Then {N} walks {b} km further a day for {a} days.", "For {a} more hours {N} drives on at {b} km an hour.", "{N} drives on for {a} hours at {b} km an hour.", "{N} walks on for {a} hours at {b} km an hour.", "For {a} days {N} goes {b} km further a day.", "Then {N} drives on at {b} km an hour for {a} hours.", "For {a} hours {N} goes on at {b} km an hour."],
        "-*": ["{N} drives back for {a} hours at {b} km an hour.", "Then {N} walks back {b} km a day for {a} days.", "For {a} hours {N} goes back at {b} km an hour.", "{N} goes back for {a} hours at {b} km an hour.", "{N} walks back for {a} hours at {b} km an hour.", "For {a} days {N} comes {b} km a day closer to home.", "Then {N} drives back at {b} km an hour for {a} hours.", "For {a} hours {N} drives back at {b} km an hour."],
        "*": [("{N} goes on until the way is twice as long.", 2), ("{N} goes on until home is three times as far away.", 3), ("{N} goes on until home is twice as far away.", 2), ("{N} goes on until the way is three times as long.", 3), ("{N} walks until the way is three times as long.", 3), ("{N} walks until home is twice as far away.", 2), ("{N} drives until the way is twice as long.", 2), ("{N} drives until home is twice as far away.", 2)],
        "/": [],
        "end": ["How many km is {N} away from home now?", "How far is {N} from home in km?", "How many km are there between {N} and home?", "How many km away from home is {N} in the end?", "How many km is {N} from home in the end?", "How far away from home is {N} now in km?", "How many km is {N} from home?", "How far from home is {N} in the end in km?"],
    },
    {
        "start": ["A hall has {a} seats.", "A school has {a} chairs.", "There are {a} seats in a theatre.", "A theatre has {a} chairs.", "In a school are {a} chairs.", "There are {a} chairs in a hall.", "A theatre holds {a} seats.", "In a hall are {a} seats."],
        "start*": ["A hall has {a} rows of {b} seats.", "There are {a} rooms with {b} chairs in each.", "A theatre has {a} rows. Each row has {b} seats.", "A school has {a} rooms with {b} chairs each.", "In a theatre are {a} rows with {b} seats each.", "A hall has {a} rows with {b} seats in each.", "There are {a} rows of {b} chairs in a school.", "In a hall are {a} rows of {b} seats."],
        "+": ["{a} more are brought in.", "{N} adds {a}.", "{N} brings {a} more.", "Then {a} more are added.", "From another room {N} brings {a}.", "{N} adds {a} more.", "{a} are added.", "{N} brings in {a}.", "Then {N} buys {a} more.", "{a} more are bought.", "From another hall {a} are brought in.", "On Monday {N} brings in {a} more."],
        "-": ["{a} of them are broken and taken away.", "{N} takes {a} away.", "Then {a} are sold.", "{a} are broken, and {N} throws them away.", "{N} sells {a} of them.", "{N} takes away {a} of them.", "{a} of them are sold.", "On Monday {N} takes {a} of them away.", "{N} throws {a} away.", "{N} gives {a} of them away.", "Then {a} of them are taken away.", "Then {N} sells {a}."],
        "+*": ["{N} adds {a} rows of {b}.", "{a} people bring {b} each.", "{a} more rows of {b} are added.", "{N} brings in {a} more rows of {b}.", "{N} adds {a} more rows of {b}.", "Each of {a} people brings {b}.", "{a} rows of {b} are brought in.", "{N} buys {a} more rows of {b}."],
        "-*": ["{N} takes {a} rows of {b} away.", "{a} rows of {b} are sold.", "{a} people take {b} each away.", "{N} sells {a} rows of {b}.", "{a} rows of {b} are taken away.", "Each of {a} people takes {b} away.", "{N} throws away {a} rows of {b}.", "{N} takes away {a} rows of {b}."],
        "*": [("Then their number doubles.", 2), ("Then their number triples.", 3), ("{N} doubles their number.", 2), ("{N} buys more until there are twice as many.", 2), ("{N} buys more until there are three times as many.", 3), ("{N} triples their number.", 3), ("{N} adds more until there are twice as many.", 2), ("{N} adds more until there are three times as many.", 3)],
        "/": ["They are divided equally among {a} classes. This is about one class.", "{N} puts them into {a} equal groups. This is about one group.", "They are put into {a} equal rows. This is about one row.", "{N} divides them equally among {a} rooms. This is about one room.", "They are divided equally among {a} rooms. This is about one room.", "{N} puts them into {a} equal rows. This is about one row.", "They are put into {a} equal groups. This is about one group.", "{N} divides them equally among {a} classes. This is about one class."],
        "end": ["How many are there now?", "How many are there in the end?", "What is their number now?", "How many are left at last?", "How many are left?", "What is their number in the end?", "How many are left now?", "How many are there at last?"],
    },
]
ASIDES = ["{F} is {a} years old.", "The house has {a} windows.", "{F} lives {a} km away.", "It takes {a} minutes.", "The bus has number {a}.", "{F} has {a} pets.", "It is {a} degrees warm.", "The street has {a} houses."]


def _pick(rng, items, test):
    """A template of one side of the split; a kind with no test template of its own has none at all there."""
    own = [item for i, item in enumerate(items) if (i % 4 == 3) == test]
    return rng.choice(own) if own else None


class Problem:
    """question: text; steps: (left, operator, right, result); answer: the last result."""

    def __init__(self, question, steps):
        self.question, self.steps, self.answer = question, steps, steps[-1][3]

    def solution(self):
        return solution_text(self.steps)


def solution_text(steps):
    lines = [f"{i}. {a} {op} {b} = {result}" for i, (a, op, b, result) in enumerate(steps, 1)]
    return "\n".join(lines + [f"Answer: {steps[-1][3]}"])


def make_problem(rng, test, unknown=0, varied=0):
    """`unknown`: share of the events that are told with a made-up verb, so that only an answer can say whether they add or take away. `varied`: share of the
    sentences that say when or where besides, so that a model sees more of them than there are templates."""
    while True:
        problem = _try(rng, test, unknown, varied)
        if problem is not None:
            return problem


def _made_up(rng, kind, has_things):
    verb = "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.choice([2, 2, 3]))) + rng.choice("bdgklmnprt") + "s"
    what = "{t}" if has_things else rng.choice(["units", "of them"])
    if kind in ("+", "-"):
        return rng.choice(["{N} %s {a} %s.", "Then {N} %s {a} %s.", "On Monday {N} %s {a} %s."]) % (verb, what)
    return rng.choice(["{N} %s {a} packs of {b} %s.", "For {a} days {N} %s {b} %s a day."]) % (verb, what)


FIRST = ["On Tuesday", "Later", "After that", "In the evening", "Next", "A little later", "After breakfast", "The next day", "Today", "This time", "In the end"]
LAST = ["in the morning", "today", "on Sunday", "this week", "as planned", "with some help", "in a hurry", "at noon", "for once", "as usual", "before dinner"]
TEST_TEMPLATES = {item if isinstance(item, str) else item[0] for story in STORIES for items in story.values() for i, item in enumerate(items) if i % 4 == 3}


def _varied(rng, template):
    if rng.random() < 0.5:
        if not template.startswith(("{N}", "{F}", "{a}", "There", "They", "The ", "A ", "Each")):
            return template
        template = rng.choice(FIRST) + " " + (template if template[0] == "{" else template[0].lower() + template[1:])
    else:
        template = template.replace(".", f" {rng.choice(LAST)}.", 1)
    assert template not in TEST_TEMPLATES
    return template


def _try(rng, test, unknown, varied):
    story = rng.choice(STORIES)
    name, friend = rng.sample(NAMES, 2)
    fields = {"N": name, "F": friend, "t": rng.choice(THINGS)}
    sentences, steps, wanted = [], [], rng.choice([2, 3, 3, 4])

    def say(template, **numbers):
        if varied and rng.random() < varied:
            template = _varied(rng, template)
        sentences.append(template.format(**fields, **numbers))

    if rng.random() < 0.35:
        a, b = rng.randint(2, 12), rng.randint(2, 60)
        say(_pick(rng, story["start*"], test), a=a, b=b)
        value = a * b
        steps.append((a, "*", b, value))
    else:
        value = rng.randint(5, 500 if rng.random() < 0.4 else 99)
        say(_pick(rng, story["start"], test), a=value)
    while len(steps) < wanted:
        room = wanted - len(steps)
        kind = rng.choices(["+", "-", "+*", "-*", "*", "/"], [3, 3, 2, 2, 1, 1])[0]
        template = _pick(rng, story[kind], test)
        if kind in ("+", "-", "+*", "-*") and rng.random() < unknown:
            template = _made_up(rng, kind, story is STORIES[0])
        if template is None or (kind in ("+*", "-*") and room < 2):
            continue
        if kind in ("+", "-"):
            most = 400 if kind == "+" else value - 1
            if most < 2:
                return None
            a = rng.randint(2, min(most, 400 if rng.random() < 0.4 else 99))
            result = value + a if kind == "+" else value - a
            say(template, a=a)
            steps.append((value, kind, a, result))
        elif kind in ("+*", "-*"):
            a, b = rng.randint(2, 9), rng.randint(2, 40)
            part = a * b
            result = value + part if kind == "+*" else value - part
            if result < 1:
                return None
            say(template, a=a, b=b)
            steps += [(a, "*", b, part), (value, kind[0], part, result)]
        elif kind == "*":
            template, factor = template
            result = value * factor
            say(template)
            steps.append((value, "*", factor, result))
        else:
            divisors = [d for d in range(2, 10) if value % d == 0]
            if not divisors or value < 4:
                return None
            a = rng.choice(divisors)
            result = value // a
            say(template, a=a)
            steps.append((value, "/", a, result))
        value = result
        if value > 999:
            return None
    if rng.random() < 0.25:
        sentences.insert(rng.randint(1, len(sentences)), _pick(rng, ASIDES, test).format(a=rng.randint(2, 60), **fields))
    sentences.append(_pick(rng, story["end"], test).format(**fields))
    return Problem(" ".join(sentences), steps)


if __name__ == "__main__":
    for side in (False, True):
        rng = random.Random(1)
        for _ in range(6):
            problem = make_problem(rng, side)
            print("TEST" if side else "TRAIN", problem.question)
            print(problem.solution())
