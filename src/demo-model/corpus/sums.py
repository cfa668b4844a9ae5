"""Small sums, alone and in chains where the next question goes on from the last result."""

from .names import FRUITS
from .wordings import pick

WORDS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty""".split()

PLAIN = """What is {s}?|What's {s}?|{s}?|{s}|Calculate {s}.|How much is {s}?|Can you calculate {s}?|{s} =|{s} = ?
Compute {s}.|What does {s} give?|What is {s} in numbers?|Tell me what {s} is.|Please calculate {s}.
Do you know what {s} is?|What do I get for {s}?|Solve {s}.|How much does {s} make?|What is the result of {s}?
Can you tell me {s}?|I need {s}.|Work out {s}.|!How much do I get for {s}?|!Give me the result of {s}.|!Quickly: {s}?|!What comes out of {s}?""".replace("\n", "|").split("|")

NEXT = {
    "+": "And {n} more?|Plus {n}?|And plus {n}?|Add {n}.|Now add {n}.|And {n} added to that?|And if I add {n}?|+ {n}"
    "|What if I add {n}?|And with {n} more?|Then plus {n}?|And another {n}?|Add {n} to that.",
    "-": "Minus {n}?|And minus {n}?|Take away {n}.|Subtract {n}.|And {n} less?|Now subtract {n}.|- {n}"
    "|And if I take away {n}?|Then minus {n}?|Subtract {n} from that.",
    "*": "Times {n}?|And times {n}?|Multiply that by {n}.|Now times {n}.|* {n}|Multiply it by {n}.|And if I take it {n} times?",
}
DOUBLE = "Double it.|And twice that?|And double that?|Now double it.|Can you double it?|What is twice that?|Double that.|!And what is double that?"

LARGER = "Which is larger, {a} or {b}?|What is more, {a} or {b}?|Which number is bigger, {a} or {b}?|Is {a} or {b} larger?"

GETS = """I have {a} {f} and get {b} more. How many {f} do I have?|If I have {a} {f} and you give me {b}, how many do I have?
I had {a} {f} and found {b} more. How many {f} are there now?|There are {a} {f}. I add {b}. How many {f} are there?""".replace(
    "\n", "|"
)
LOSES = """I have {a} {f} and give away {b}. How many {f} are left?|There are {a} {f} and I eat {b}. How many are left?
I had {a} {f} and lost {b}. How many {f} do I have?|If I have {a} {f} and take away {b}, how many are left?""".replace("\n", "|")


def work_out(a, op, b):
    return {"+": a + b, "-": a - b, "*": a * b, "/": a // b if b else 0}[op]


def numbers(rng):
    op = rng.choice("+++--*/")
    small = 20 if rng.random() < 0.9 else 50
    a, b = rng.randint(0, small), rng.randint(0, small)
    if op == "-" and a < b:
        a, b = b, a
    if op == "*":
        a, b = rng.randint(0, 10), rng.randint(0, 10)
    if op == "/":
        b = rng.randint(1, 10)
        a = b * rng.randint(0, 10)
    return a, op, b


def written(rng, a, op, b):
    """The sum as people write it."""
    roll = rng.random()
    if roll < 0.4:
        sign = rng.choice(["*", "x", "times"]) if op == "*" else op
        return f"{a} {sign} {b}"
    if roll < 0.6 and op != "*":
        return f"{a}{op}{b}"
    word = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}[op]
    if max(a, b) <= 20 and roll > 0.85:
        return f"{WORDS[a]} {word} {WORDS[b]}"
    return f"{a} {word} {b}"


def equation(a, op, b):
    return f"{a} {op} {b} = {work_out(a, op, b)}."


def plain(rng, held=False):
    a, op, b = numbers(rng)
    question = pick(rng, PLAIN, held)
    if not question:
        return None
    question = question.replace("{s}", written(rng, a, op, b))
    return question, equation(a, op, b), work_out(a, op, b)


def following(rng, last, held=False):
    """A question that goes on from the last result."""
    if last <= 20 and rng.random() < 0.12:
        question = pick(rng, DOUBLE.split("|"), held)
        if question:
            return question, equation(last, "*", 2), last * 2
    op = rng.choice("+++--*")
    if op == "-" and last == 0 or op == "*" and last > 10:
        op = "+"
    n = rng.randint(1, {"+": 10, "-": min(10, max(last, 1)), "*": 5}[op])
    question = pick(rng, NEXT[op].split("|"), held)
    if not question:
        return None
    return question.replace("{n}", str(n)), equation(last, op, n), work_out(last, op, n)


def story_sum(rng, held=False):
    a, b = rng.randint(1, 20), rng.randint(1, 20)
    fruits = rng.choice(FRUITS)
    if rng.random() < 0.5:
        op, wordings = "+", GETS
    else:
        op, wordings, a, b = "-", LOSES, max(a, b), min(a, b)
    question = pick(rng, wordings.split("|"), held)
    if not question:
        return None
    question = question.replace("{a}", str(a)).replace("{b}", str(b)).replace("{f}", fruits)
    return question, equation(a, op, b)[:-1] + f" {fruits}.", work_out(a, op, b)


def larger(rng, held=False):
    a, b = rng.sample(range(0, 100), 2)
    question = pick(rng, LARGER.split("|"), held)
    if not question:
        return None
    question = question.replace("{a}", str(a)).replace("{b}", str(b))
    return question, f"{max(a, b)} is larger than {min(a, b)}.", max(a, b)
