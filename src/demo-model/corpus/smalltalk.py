"""Greetings and small talk, and things that the user says of himself and asks for later."""

from pathlib import Path

from .names import ANIMALS, COLOURS, FOODS
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
You can call me {n}.|This is {n}.|People call me {n}.|Hi, my name is {n}, and yours?|I have the name {n}.|I am called {n}.
Good morning, I am {n}.|Please call me {n}.|Hey, I am {n}.|I'm called {n}.|Hello, I'm {n}.|Hello, this is {n}.|Hi, this is {n}.|It is me, {n}.
Good evening, my name is {n}.|My name's {n}.|Hi, you can call me {n}.|By the way, my name is {n}.|By the way, I am {n}.|Hi, my name is {n}.""".replace("\n", "|").split("|")

ASK_NAME = """What is my name?|What's my name?|Do you know my name?|Who am I?|Do you remember my name?|What am I called?
Tell me my name.|Can you tell me my name?|What was my name again?|How am I called?|Say my name.|Do you still know my name?
So what is my name?|Which name did I tell you?|And who am I?|Do you know who I am?|Do you remember who I am?|Tell me who I am.|What name do I have?
Can you say my name?|Please tell me my name.|Can you remember my name?|And what is my name?|Which name do I have?|How do you call me?|Say who I am.""".replace("\n", "|").split("|")

NAME_UNKNOWN = "You have not told me your name."

FAVOURITES = {"colour": COLOURS, "food": FOODS, "animal": ANIMALS[:40], "number": [str(n) for n in range(1, 51)]}

TELL_FAVOURITE = """My favourite {k} is {v}.|I like {v} best, it is my favourite {k}.|My favourite {k} has always been {v}.
Remember that my favourite {k} is {v}.|My favorite {k} is {v}.|For me the best {k} is {v}.|The {k} that I like best is {v}.|Of all I like {v} best as {k}.|By the way, my favourite {k} is {v}.|You should know that my favourite {k} is {v}.""".replace("\n", "|").split("|")

ASK_FAVOURITE = """What is my favourite {k}?|What's my favourite {k}?|Do you know my favourite {k}?|Which {k} do I like best?
Do you remember my favourite {k}?|Tell me my favourite {k}.|What was my favourite {k}?|What is my favorite {k}?|And what is my favourite {k}?|So which is my favourite {k}?|Which is my favourite {k}?
Can you tell me my favourite {k}?|Which {k} is my favourite?|What {k} do I like best?|Say my favourite {k}.""".replace("\n", "|").split("|")


def greeting(rng, given):
    return rng.choice([f"Nice to meet you, {given}.", f"Hello, {given}!"])


def favourite(rng):
    kind = rng.choice(list(FAVOURITES))
    return kind, rng.choice(FAVOURITES[kind])


def fill_favourite(rng, wordings, kind, value="", held=False):
    return pick(rng, [cap(w.replace("{k}", kind).replace("{v}", value)) for w in wordings], held)


def cap(text):
    return text[0].upper() + text[1:]
