"""Writes the training text: one document per line, each a list of what the program encodes at once.

A conversation is [prompt, answer, prompt, answer, ...]; prompts are written as dllama.session.ChatPrompts
feeds them: ChatML, where the end token of an answer is not fed back. A plain text is ["", text], a drill
of sums [begun, ended, begun, ended, ...].
"""

import argparse
import json
import random
from pathlib import Path

from corpus import dialogue, stories, sums

SUMS_ONLY = {"sum": 1}


def prompt(question, system=None):
    text = f"<|im_start|>system\n{system}<|im_end|>\n" if system else ""
    return text + f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"


def conversation(rng, turns, held=False, weights=dialogue.WEIGHTS):
    parts = []
    system = dialogue.system_prompt(rng) if rng.random() < 0.04 else None
    for turn in dialogue.conversation(rng, turns, held, weights):
        parts += [prompt(turn.question, system), turn.answer]
        system = None
    return parts


def plain(rng):
    if rng.random() < 0.6:
        return ["", stories.tell(rng)[0]]
    turn = dialogue.conversation(rng, 1)[0]
    return ["", turn.question + " " + turn.answer]


def document(rng):
    roll = rng.random()
    if roll < 0.03:
        return plain(rng)
    if roll < 0.15:
        return sums.drill(rng)
    if roll < 0.3:
        return conversation(rng, rng.randint(3, 7), weights=SUMS_ONLY)
    if roll < 0.8:
        return conversation(rng, rng.randint(1, 4))
    if roll < 0.98:
        return conversation(rng, rng.randint(5, 9))
    return conversation(rng, rng.randint(10, 22))


def write(path, make, seed, count):
    rng = random.Random(seed)
    characters = 0
    with open(path, "w") as out:
        for _ in range(count):
            parts = make(rng)
            characters += sum(map(len, parts))
            out.write(json.dumps(parts) + "\n")
    print(f"{path}: {count} documents, {characters / 1e6:.1f} million characters")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--documents", type=int, default=60000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    write(given.out / "train.jsonl", document, given.seed, given.documents)
    held_out = lambda rng: conversation(rng, rng.randint(1, 4), held=True)
    write(given.out / "validation.jsonl", held_out, given.seed + 1, 300)


if __name__ == "__main__":
    main()
