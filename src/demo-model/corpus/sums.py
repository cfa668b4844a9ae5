"""Small sums, alone and in chains where the next question goes on from the last result.

The sums are few enough to be learnt as a table: `FACTS` has them all. What is held out is wordings.
"""

from .names import FRUITS, NUMERALS
from .wordings import pick

SMALL = range(21)  # operands of a sum
LARGEST = 40  # result that a chain goes on from, or comes to
STEPS = range(1, 11)  # what is added or taken away in a chain

PLAIN = """What is {s}?|What's {s}?|{s}?|{s}|Calculate {s}.|How much is {s}?|Can you calculate {s}?|{s} =|{s} = ?
Compute {s}.|What does {s} give?|What is {s} in numbers?|Tell me what {s} is.|Please calculate {s}.
Do you know what {s} is?|What do I get for {s}?|Solve {s}.|How much does {s} make?|What is the result of {s}?
Can you tell me {s}?|I need {s}.|Work out {s}.|How much would {s} be?|And {s}?|Now {s}.|What about {s}?|{s}, please.
!How much do I get for {s}?|!Give me the result of {s}.|!Quickly: {s}?|!What comes out of {s}?""".replace("\n", "|").split("|")

TOGETHER = """Add {a} and {b}.|What is the sum of {a} and {b}?|What do {a} and {b} make?|Can you add {a} and {b}?
Add {a} to {b}.|How much is {a} and {b}?|What is {a} and {b} together?|Add up {a} and {b}.""".replace("\n", "|").split("|")

NEXT = {
    "+": "And {n} more?|Plus {n}?|And plus {n}?|Add {n}.|Now add {n}.|And {n} added to that?|And if I add {n}?|+ {n}"
    "|What if I add {n}?|And with {n} more?|Then plus {n}?|And another {n}?|Add {n} to that.|Now plus {n}.|Add {n} more."
    "|{n} more?|And then add {n}?|Please add {n}.",
    "-": "Minus {n}?|And minus {n}?|Take away {n}.|Subtract {n}.|And {n} less?|Now subtract {n}.|- {n}"
    "|And if I take away {n}?|Then minus {n}?|Subtract {n} from that.|Now minus {n}.|Take {n} away.|{n} less?"
    "|And if I subtract {n}?|And then subtract {n}?|Please subtract {n}.",
    "*": "Times {n}?|And times {n}?|Multiply that by {n}.|Now times {n}.|* {n}|Multiply it by {n}.|And if I take it {n} times?"
    "|Then times {n}?|And that times {n}?|Now multiply by {n}.|Take it {n} times.|And {n} times that?",
}
DOUBLE = "Double it.|And twice that?|And double that?|Now double it.|Can you double it?|What is twice that?|Double that.|!And what is double that?"

GETS = """I have {a} {f} and get {b} more. How many {f} do I have?|If I have {a} {f} and you give me {b}, how many do I have?
I had {a} {f} and found {b} more. How many {f} are there now?|There are {a} {f}. I add {b}. How many {f} are there?
I have {a} {f} and buy {b} more. How many {f} are that?|I had {a} {f} and got {b}. How many {f} do I have now?""".replace(
    "\n", "|"
)
LOSES = """I have {a} {f} and give away {b}. How many {f} are left?|There are {a} {f} and I eat {b}. How many are left?
I had {a} {f} and lost {b}. How many {f} do I have?|If I have {a} {f} and take away {b}, how many are left?
I have {a} {f} and sell {b}. How many {f} do I have now?|I had {a} {f} and gave away {b}. How many {f} are left?""".replace("\n", "|")


def work_out(a, op, b):
    return {"+": a + b, "-": a - b, "*": a * b}[op]


ALONE = {
    "+": [(a, "+", b) for a in SMALL for b in SMALL],
    "-": [(a, "-", b) for a in SMALL for b in SMALL if b <= a],
    "*": [(a, "*", b) for a in range(11) for b in range(11)],
}
GOING_ON = {
    "+": [(a, "+", n) for a in range(LARGEST) for n in STEPS if a + n <= LARGEST],
    "-": [(a, "-", n) for a in range(LARGEST + 1) for n in STEPS if n <= a],
    "*": [(a, "*", n) for a in range(11) for n in STEPS if a * n <= LARGEST],
}
DOUBLED = [(a, "*", 2) for a in SMALL]
FACTS = sorted({f for table in (ALONE, GOING_ON) for facts in table.values() for f in facts} | set(DOUBLED))


def one(rng):
    return rng.choice(rng.choices([ALONE["+"], ALONE["-"], ALONE["*"]], [8, 5, 4])[0])


def written(rng, a, op, b):
    """The sum as people write it."""
    roll = rng.random()
    if roll < 0.4:
        sign = rng.choice(["*", "x", "times"]) if op == "*" else op
        return f"{a} {sign} {b}"
    if roll < 0.6:
        return f"{a}{op}{b}"
    word = {"+": "plus", "-": "minus", "*": "times"}[op]
    return f"{NUMERALS[a]} {word} {NUMERALS[b]}" if roll > 0.8 else f"{a} {word} {b}"


def equation(a, op, b):
    return f"{a} {op} {b} = {work_out(a, op, b)}."


def drill(rng, count=18):
    """Sums without questions, as [begun, ended, begun, ended, ...]."""
    parts = []
    for a, op, b in rng.sample(FACTS, count):
        parts += [f"\n{a} {op} {b} =", f" {work_out(a, op, b)}."]
    return parts


def plain(rng, held=False):
    a, op, b = one(rng)
    wordings = TOGETHER if op == "+" and rng.random() < 0.25 else PLAIN
    question = pick(rng, wordings, held)
    if not question:
        return None
    first, second = (NUMERALS[a], NUMERALS[b]) if rng.random() < 0.2 else (str(a), str(b))
    question = question.replace("{s}", written(rng, a, op, b)).replace("{a}", first).replace("{b}", second)
    return question, equation(a, op, b), work_out(a, op, b)


def following(rng, last, held=False):
    """A question that goes on from the last result, where that is possible."""
    if rng.random() < 0.12:
        question, fitting = pick(rng, DOUBLE.split("|"), held), [f for f in DOUBLED if f[0] == last]
    else:
        op = rng.choice("+++---*")
        question, fitting = pick(rng, NEXT[op].split("|"), held), [f for f in GOING_ON[op] if f[0] == last]
    if not question or not fitting:
        return None
    a, op, n = rng.choice(fitting)
    return question.replace("{n}", str(n)), equation(a, op, n), work_out(a, op, n)


def story_sum(rng, held=False):
    op = rng.choice("+-")
    a, op, b = rng.choice(ALONE[op])
    fruits = rng.choice(FRUITS)
    question = pick(rng, (GETS if op == "+" else LOSES).split("|"), held)
    if not question:
        return None
    question = question.replace("{a}", str(a)).replace("{b}", str(b)).replace("{f}", fruits)
    return question, equation(a, op, b)[:-1] + f" {fruits}.", work_out(a, op, b)
