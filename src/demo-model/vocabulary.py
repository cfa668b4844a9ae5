"""Makes the byte-pair vocabulary of the training text and writes it as a `.t` file.

The program encodes without cutting the text into words first: it merges the neighbours whose
concatenation has the highest score. So no piece may reach over the end of a word, or the merges
would: pieces are learnt within words (with the space before them), and a piece's score is minus its
rank, so that what was learnt first is merged first. Words that answers repeat and the numbers of
the sums are one piece each: to copy one or to look it up is one step then.
"""

import argparse
import json
import re
import struct
from collections import Counter, defaultdict
from pathlib import Path

from corpus.names import COPIED

SPECIALS = ["<|begin|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
ROLES = ["user\n", "assistant\n"]
WORD = re.compile(r"<\|im_start\|>|<\|im_end\|>|user\n|assistant\n| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s")
WHOLE = [" " + word for word in COPIED] + [space + str(n) for n in range(101) for space in ("", " ")] + ROLES
OFTEN = 1_000_000  # counts of words that shall be whole


def words(path):
    counts = Counter()
    for line in open(path):
        for part in json.loads(line):
            counts.update(WORD.findall(part))
    counts.update({word: OFTEN for word in WHOLE})
    return {w: n for w, n in counts.items() if w not in SPECIALS}


def learn(counts, merges):
    """The merged pieces, most useful first."""
    spelt = [([bytes([b]) for b in word.encode()], n) for word, n in sorted(counts.items())]
    pairs, where = Counter(), defaultdict(set)
    for i, (pieces, n) in enumerate(spelt):
        for pair in zip(pieces, pieces[1:]):
            pairs[pair] += n
            where[pair].add(i)
    learnt = []
    while len(learnt) < merges:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < 2:
            raise SystemExit(f"the text has only {len(learnt)} pieces")
        joined = best[0] + best[1]
        if joined not in learnt:
            learnt.append(joined)
        for i in list(where[best]):
            pieces, n = spelt[i]
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] -= n
                where[pair].discard(i)
            pieces = merge(pieces, best)
            spelt[i] = (pieces, n)
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += n
                where[pair].add(i)
    missing = [word for word in WHOLE if len(word) > 1 and word.encode() not in learnt]
    if missing:
        raise SystemExit(f"no room for {missing}")
    print(f"the last of {len(WHOLE)} whole words is piece {max(learnt.index(w.encode()) for w in WHOLE if len(w) > 1)}")
    return learnt


def merge(pieces, pair):
    merged, i = [], 0
    while i < len(pieces):
        if i + 1 < len(pieces) and (pieces[i], pieces[i + 1]) == pair:
            merged.append(pieces[i] + pieces[i + 1])
            i += 2
        else:
            merged.append(pieces[i])
            i += 1
    return merged


def write(path, learnt):
    pieces = [bytes([b]) for b in range(256)] + learnt
    scores = [-1e6] * 256 + [-float(rank) for rank in range(len(learnt))]
    bos = len(pieces)
    pieces += [s.encode() for s in SPECIALS]
    scores += [0.0] * len(SPECIALS)
    end = bos + SPECIALS.index("<|im_end|>")
    template = TEMPLATE.encode()
    # version, vocabulary, longest piece, bos, eos, chat eos, template length, add bos
    header = {0: 1, 1: len(pieces), 2: max(map(len, pieces)), 3: bos, 4: end, 6: end, 7: len(template), 10: 1}
    with open(path, "wb") as out:
        out.write(struct.pack("<ii", 0x567124, 8 + 8 * len(header)))
        for key, value in header.items():
            out.write(struct.pack("<ii", key, value))
        out.write(template)
        for piece, score in zip(pieces, scores):
            out.write(struct.pack("<fi", score, len(piece)) + piece)
    print(f"{path}: {len(pieces)} pieces")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--text", type=Path, required=True)
    options.add_argument("--size", type=int, default=2048)
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    write(given.out, learn(words(given.text), given.size - 256 - len(SPECIALS)))


if __name__ == "__main__":
    main()
