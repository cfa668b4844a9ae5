"""Greetings and small talk, and things that the user says of himself and asks for later."""

from pathlib import Path

from .names import ANIMALS, COLOURS, FOODS, PEOPLE
from .wordings import pick


class Exchange:
    def __init__(self, line):
        wordings, rest = line.split("=>")
        answers, keys = rest.rsplit("#", 1)
        self.wordings = [w.strip() for w in wordings.split("|")]
        self.answers = [a.strip() for a in answers.split("|")]
        self.keys = [k.strip() for k in keys.split("/")]


def read():
    lines = (Path(__file__).parent / "smalltalk.txt").read_text().splitlines()
    return [Exchange(line) for line in lines if line and not line.startswith("#")]


TELL_NAME = """My name is {n}.|I am {n}.|I'm {n}.|Call me {n}.|Hello, I am {n}.|Hi, I'm {n}.|Hello, my name is {n}.
You can call me {n}.|This is {n}.|People call me {n}.|Hi, my name is {n}, and yours?|{n} is my name.|I am called {n}.
Good morning, I am {n}.|Please call me {n}.""".replace("\n", "|").split("|")

ASK_NAME = """What is my name?|What's my name?|Do you know my name?|Who am I?|Do you remember my name?|What am I called?
Tell me my name.|Can you tell me my name?|What was my name again?|How am I called?|Say my name.|Do you still know my name?
So what is my name?|Which name did I tell you?""".replace("\n", "|").split("|")

NAME_UNKNOWN = "You have not told me your name."

FAVOURITES = {"colour": COLOURS, "food": FOODS, "animal": ANIMALS[:40], "number": [str(n) for n in range(1, 100)]}

TELL_FAVOURITE = """My favourite {k} is {v}.|I like {v} best, it is my favourite {k}.|{v} is my favourite {k}.
Remember that my favourite {k} is {v}.|My favorite {k} is {v}.|For me the best {k} is {v}.""".replace("\n", "|").split("|")

ASK_FAVOURITE = """What is my favourite {k}?|What's my favourite {k}?|Do you know my favourite {k}?|Which {k} do I like best?
Do you remember my favourite {k}?|Tell me my favourite {k}.|What was my favourite {k}?|What is my favorite {k}?""".replace("\n", "|").split("|")


def made_up_name(rng):
    """Names that the vocabulary does not know, so that copying is learnt and not a list."""
    syllables = ["".join(rng.choice(s) for s in ("bdfgklmnprstvz", "aeiou")) for _ in range(rng.randint(2, 3))]
    return ("".join(syllables) + rng.choice(["", "", "n", "s", "r", "l"])).capitalize()


def name(rng):
    return rng.choice(PEOPLE) if rng.random() < 0.6 else made_up_name(rng)


def greeting(rng, given):
    return rng.choice([f"Nice to meet you, {given}.", f"Hello, {given}!"])


def favourite(rng):
    kind = rng.choice(list(FAVOURITES))
    return kind, rng.choice(FAVOURITES[kind])


def fill_favourite(rng, wordings, kind, value="", held=False):
    return pick(rng, [cap(w.replace("{k}", kind).replace("{v}", value)) for w in wordings], held)


def cap(text):
    return text[0].upper() + text[1:]
