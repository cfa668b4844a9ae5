"""Ways to ask the same thing, and which of them the training never sees.

A wording is held out by the hash of its letters, so the choice does not depend on the order in
which anything is generated, and a wording that differs in case or punctuation only is held out
with it. One that is marked with "!" is held out, too: short lists may have none by their hash.
"""

import hashlib
import re
from functools import lru_cache

from .names import COPIED

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
I have a question: {x}|I wonder: {y}|Do you know this? {x}|Now {y}|Sorry, {y}|OK, {y}|Well, {y}|Please, {y}|Tell me: {x}|Can you tell me: {x}|Hm, {y}|One more question: {x}|Then {y}|But {y}"""


@lru_cache(maxsize=None)
def templates(text):
    return [t for line in text.splitlines() for t in line.split("|")]


def lower_first(text):
    return text if text[:2].isupper() or text[:2] in ("I ", "I'") else text[0].lower() + text[1:]


def fill(template, x):
    filled = template.replace("{x}", x).replace("{y}", lower_first(x))
    return filled[0].upper() + filled[1:] if template.startswith("{x}") and x[0] != "-" else filled


def lower(text):
    return re.sub("[A-Za-z]+", lambda word: word[0] if word[0] in COPIED else word[0].lower(), text)


def loosen(rng, question):
    """The same question as people type it: with other words, without capitals, mark or patience."""
    loose = reword(rng, question) if rng.random() < 0.2 else question
    roll = rng.random()
    if roll < 0.16:
        loose = lower(loose)
    elif roll < 0.2:
        loose = lower_first(loose)
    if rng.random() < 0.15:
        loose = loose.rstrip("?.!")
    if rng.random() < 0.05:
        loose = rng.choice(["Hi, ", "Hello, ", "Hey, ", "please, ", "ok, ", "hm, "]) + lower_first(loose)
    if rng.random() < 0.03 and loose[-1] in "?.":
        loose = loose[:-1] + ", please" + loose[-1]
    if rng.random() < 0.04:
        loose = misspell(rng, loose)
    template = re.sub("[0-9]+", "{n}", loose)
    return question if held_out(loose) or held_out(template) else loose


SYNONYMS = """computer: machine, PC, laptop, box|computers: machines, PCs, boxes|machine: computer, PC, server|start: begin, launch
show: see, print, display|need: require, want|fast: quick, quickly|large: big|larger: bigger|small: little, tiny|stop: end, quit
option: flag, switch, setting|run: execute, start, use|answer: reply, response|lost: gone|memory: RAM, space
licence: license|story: tale|another: one more|use: take, choose|add: connect, attach, join|set: choose, change|find: see, get
command: line, call|work: function, go|file: document|files: documents|happens: goes on, follows|does: will|exactly: really
explain: describe, say|know: understand|model: LLM, network|chat: talk, conversation|number: count|nodes: computers, machines
worker: helper, second node|tell: say to, explain to|good: nice|bad: poor|like: love|please: kindly|parts: pieces|largest: biggest"""


@lru_cache(maxsize=None)
def synonyms():
    lines = (entry.split(": ") for entry in SYNONYMS.replace("\n", "|").split("|"))
    return {word: others.split(", ") for word, others in lines}


def reword(rng, text):
    known = [m for m in re.finditer(r"(?<![\w-])[a-z]+(?![\w-])", text) if m[0] in synonyms()]
    if not known:
        return text
    word = rng.choice(known)
    return text[: word.start()] + rng.choice(synonyms()[word[0]]) + text[word.end() :]


def misspell(rng, text):
    words = [m for m in re.finditer(r"\b[a-z]{3,}\b", text) if m[0] not in COPIED]
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end())
    return text[:at] + text[at + 1 :] if rng.random() < 0.5 else text[: at + 1] + text[at:]


MORE = """Tell me more.|More?|Go on.|And?|Can you say more?|What else?|More about that, please.|Anything else?
Please go on.|Tell me more about it.|Can you tell me more about that?|Is there more?|Continue.|I want to know more.
Explain that further.|What more can you say?|Say more.|And what else?|Some more details, please.|Give me more details.
Tell me something more.|More, please.|And more?|What more is there?|And what more?|Can you go on?
Is there more to say?|Is that all?|Say more about it.|Say some more.|I would like to know more.|I'd like to hear more.
Can you tell me more?|Please tell me more.|And further?|Carry on.|What else can you say?|What else is there?|Keep going."""

WHY = """Why?|Why is that?|Why so?|But why?|And why?|What is the reason?|How come?|Why is it so?|For what reason?
What's the reason for that?|Why is that so?|Tell me why.|Can you tell me why?|Explain why.|And why is that?
Why is this so?|Why is this?|Why is it like that?|But why is that so?|And why so?|Why then?|So why?|Please tell me why.
Do you know why?|Can you explain why?|What is the reason for it?|And the reason?|What for?|How so?|I want to know why.|But why so?"""

AGAIN = """Say that again.|Repeat that.|Can you repeat that?|What did you say?|Once more, please.|I did not get that.
Could you say that again?|Please repeat your answer.|Say that once more, please.|Say it once more.|Repeat your last answer.|Come again?
Again, please.|Please say that again.|Please repeat that.|Say it again.|Can you say that again?|Repeat it.|Repeat, please.
What was that?|What was your answer?|I did not understand that.|Could you repeat that?|Tell me again.|What was that again?|!Could you repeat your answer?
!Please say it once more.|!Say your answer again."""
