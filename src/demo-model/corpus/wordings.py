"""Ways to ask the same thing, and which of them the training never sees.

A wording is held out by the hash of its letters, so the choice does not depend on the order in
which anything is generated, and a wording that differs in case or punctuation only is held out
with it. One that is marked with "!" is held out, too: short lists may have none by their hash.
"""

import hashlib
import re
from functools import lru_cache

HELD_OUT_ONE_IN = 9


@lru_cache(maxsize=None)
def held_out(wording):
    if wording.startswith("!"):
        return True
    letters = re.sub(r"[^a-z0-9/+{}-]+", " ", wording.lower()).strip()
    return hashlib.sha1(letters.encode()).digest()[0] % HELD_OUT_ONE_IN == 0


def pick(rng, wordings, held=False):
    """A wording of the training, or a held-out one; None where there is none of the kind."""
    fitting = [w for w in wordings if held_out(w) == held]
    return rng.choice(fitting).lstrip("!") if fitting else None


WHAT = """What is {x}?|What's {x}?|Explain {x}.|Can you explain {x}?|Tell me what {x} is.|{x}?
What does {x} mean?|What do you mean by {x}?|Define {x}.|Please explain {x}.|I don't know what {x} is.
Tell me about {x}.|What do you know about {x}?|Can you tell me about {x}?|What exactly is {x}?
Do you know what {x} is?|Could you explain {x} to me?|What is meant by {x}?|What can you tell me about {x}?
I want to know about {x}.|Explain to me what {x} is.|What is {x} again?|What is {x} in dllama-akka?
Describe {x}.|Give me a short explanation of {x}.|How would you explain {x}?|So what is {x}?"""

WHAT_MANY = """What are {x}?|Explain {x}.|Can you explain {x}?|Tell me what {x} are.|{x}?|Define {x}.
Tell me about {x}.|What do you know about {x}?|Please explain {x}.|What exactly are {x}?
Do you know what {x} are?|Could you explain {x} to me?|What are {x} in dllama-akka?|Describe {x}.
I want to know about {x}.|What can you tell me about {x}?|So what are {x}?"""

HOW = """How do I {x}?|How can I {x}?|How to {x}?|How does one {x}?|How do you {x}?|I want to {x}.
I would like to {x}.|Tell me how to {x}.|Can you tell me how to {x}?|What must I do to {x}?
What do I have to do to {x}?|Please explain how to {x}.|Explain how to {x}.|How could I {x}?
I need to {x}. How?|What is the best way to {x}?|Show me how to {x}.|Is there a way to {x}?
What's the command to {x}?|Can I {x}?|How would I {x}?|What should I do to {x}?|Help me {x}.
Do you know how to {x}?|I'd like to {x}, how does that work?|How am I supposed to {x}?|What do I type to {x}?"""

TELL = """Tell me {x}.|Can you tell me {x}?|Do you know {x}?|I would like to know {x}.|Explain {x}.
I wonder {x}.|Please tell me {x}.|Can you explain {x}?|I want to know {x}.|Could you tell me {x}?
Please explain {x}.|I'd like to understand {x}.|I don't understand {x}."""

ASK = """{x}|{x}|{x}|Please tell me: {x}|A question: {x}|Quick question: {x}|Tell me, {y}|And {y}|So {y}
I have a question: {x}|I wonder: {y}|Do you know this? {x}|Now {y}|Sorry, {y}|OK, {y}|Well, {y}"""


@lru_cache(maxsize=None)
def templates(text):
    return [t for line in text.splitlines() for t in line.split("|")]


def lower_first(text):
    return text if text[:2].isupper() or text[:2] in ("I ", "I'") else text[0].lower() + text[1:]


def fill(template, x):
    filled = template.replace("{x}", x).replace("{y}", lower_first(x))
    return filled[0].upper() + filled[1:] if template.startswith("{x}") and x[0] != "-" else filled


def loosen(rng, question):
    """The same question as people type it: without capitals, mark or patience."""
    roll = rng.random()
    if roll < 0.12:
        question = question.lower()
    elif roll < 0.16:
        question = lower_first(question)
    if rng.random() < 0.15:
        question = question.rstrip("?.!")
    if rng.random() < 0.05:
        question = rng.choice(["Hi, ", "Hello, ", "Hey, ", "please, ", "ok, ", "hm, "]) + lower_first(question)
    if rng.random() < 0.03 and question[-1] in "?.":
        question = question[:-1] + ", please" + question[-1]
    if rng.random() < 0.04:
        question = misspell(rng, question)
    return question


def misspell(rng, text):
    at = rng.randrange(1, max(2, len(text) - 1))
    if not text[at : at + 2].isalpha():
        return text
    return text[:at] + text[at + 1 :] if rng.random() < 0.5 else text[: at + 1] + text[at:]


MORE = """Tell me more.|More?|Go on.|And?|Can you say more?|What else?|More about that, please.|Anything else?
Please go on.|Tell me more about it.|Can you tell me more about that?|Is there more?|Continue.|I want to know more.
Explain that further.|What more can you say?|Say more.|And what else?|Some more details, please.|Give me more details."""

WHY = """Why?|Why is that?|Why so?|But why?|And why?|What is the reason?|How come?|Why is it so?|For what reason?
What's the reason for that?|Why is that so?|Tell me why.|Can you tell me why?|Explain why.|And why is that?"""

AGAIN = """Say that again.|Repeat that.|Can you repeat that?|What did you say?|Once more, please.|I did not get that.
Could you say that again?|Please repeat your answer.|Pardon?|Say it once more.|Repeat your last answer.|Come again?"""

LAST_QUESTION = """What did I just ask?|What was my last question?|What did I ask you?|Do you remember my question?
What was my question?|What have I just asked you?|Repeat my question.|Which question did I ask?
Can you tell me what I just asked?|What did I say?|What did I ask before?|Do you know what I asked?"""
