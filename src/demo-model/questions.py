"""Writes the held-out questions: wordings that the training never sees, each with the rule by which
its answer is judged. Turns before the question itself are worded as in the training.

A rule is a list of groups; the answer has to contain a phrase of every group, whatever its capitals;
`evaluate.py` says which phrases stand for something said before.
`free.txt` adds questions that were written by hand without a look at the templates.
"""

import argparse
import json
import random
from collections import Counter
from pathlib import Path

from corpus.dialogue import Conversation

WANTED = {
    "about": 70, "more": 8, "why": 8, "sum": 24, "next sum": 14, "story": 14, "another": 6, "yes": 3,
    "who": 7, "talk": 18, "unknown": 18, "name": 8, "your name": 9, "favourite": 7, "again": 6,
}
FREE = Path(__file__).parent / "free.txt"


def held_out_questions(seed):
    rng = random.Random(seed)
    found, count = [], Counter()
    while sum(count.values()) < sum(WANTED.values()):
        made = Conversation(rng)
        before = rng.randint(0, 3)
        while len(made.turns) < before:
            made.extend()
        made.held = True
        if not made.extend():
            continue
        last = made.turns[-1]
        known = any(q["turns"][-1] == last.question and q["theme"] != "next sum" for q in found)
        if count[last.theme] >= WANTED.get(last.theme, 0) or (known and before == 0):
            continue
        count[last.theme] += 1
        found.append({"theme": last.theme, "turns": [t.question for t in made.turns], "rule": last.rule})
    return sorted(found, key=lambda q: list(WANTED).index(q["theme"]))


def free_questions():
    """Lines of `question > question | key; key/alternative`."""
    for line in FREE.read_text().splitlines():
        if line and not line.startswith("#"):
            turns, keys = line.rsplit("|", 1)
            rule = [[k.strip() for k in group.split("/")] for group in keys.split(";")]
            yield {"theme": "free", "turns": [t.strip() for t in turns.split(" > ")], "rule": rule}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "questions.json")
    given = options.parse_args()
    questions = held_out_questions(4) + list(free_questions())
    lines = ",\n".join(json.dumps(q) for q in questions)
    given.out.write_text(f"[\n{lines}\n]\n")
    print(f"{given.out}: {len(questions)} questions")


if __name__ == "__main__":
    main()
