"""Questions about dllama-akka, read from topics.txt. A topic there is

    [name]
    what: noun phrases that "What is ...?" goes with
    how: verb phrases that "How do I ...?" goes with
    ask: whole questions
    tell: clauses that "Tell me ..." goes with
    answer: (one or more)    more: to "Tell me more."    why: to "Why?"
    keys: what a right answer has to hold; ";" between those all needed, "/" between alternatives
"""

from functools import cached_property
from pathlib import Path

from .wordings import ASK, HOW, TELL, WHAT, WHAT_MANY, fill, templates

NO_MORE = "That is all I know about it. The files in docs say more."
NO_REASON = "I don't know the reason. docs/ARCHITECTURE.md may say it."


class Topic:
    def __init__(self, name):
        self.name = name
        self.lines = {"answer": []}

    def add(self, key, value):
        if key == "answer":
            self.lines[key].append(value)
        elif key in ("more", "why"):
            self.lines[key] = value
        elif key == "keys":
            # "//" stands for a slash in a key
            groups = value.replace("//", "/\0").split(";")
            self.lines[key] = [[k.strip().replace("\0", "/") for k in g.split("/") if k.strip()] for g in groups]
        else:
            self.lines.setdefault(key, []).extend(p.strip() for p in value.split("|"))

    @property
    def answers(self):
        return self.lines["answer"]

    @property
    def more(self):
        return self.lines.get("more", NO_MORE)

    @property
    def why(self):
        return self.lines.get("why", NO_REASON)

    @property
    def keys(self):
        return self.lines.get("keys", [])

    @cached_property
    def wordings(self):
        """By kind, so that each kind of question is asked equally often."""
        kinds = []
        what = [
            fill(t, x)
            for x in self.lines.get("what", [])
            for t in templates(WHAT_MANY if plural(x) else WHAT)
        ]
        how = [fill(t, x) for x in self.lines.get("how", []) for t in templates(HOW)]
        tell = [fill(t, x) for x in self.lines.get("tell", []) for t in templates(TELL)]
        ask = [fill(t, x) for x in self.lines.get("ask", []) for t in templates(ASK)]
        for kind in (what, how, ask, ask, tell):
            if kind:
                kinds.append(kind)
        return kinds


def plural(x):
    word = x.split(" of ")[0].split()[-1]
    return word.endswith("s") and word.isalpha() and not x.startswith(("a ", "this ", "logits of"))


def read():
    topics = []
    for line in (Path(__file__).parent / "topics.txt").read_text().splitlines():
        if line.startswith("["):
            topics.append(Topic(line.strip("[]")))
        elif line and not line.startswith("#"):
            key, value = line.split(":", 1)
            topics[-1].add(key, value.strip())
    return topics
