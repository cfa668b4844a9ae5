"""Documents as token ids, packed into windows.

The text is encoded by the program itself, part by part as it would be in a chat. The end token
after an answer is a target but never an input: the program does not feed it back.
"""

import json
import random
import subprocess
from array import array

import torch

IGNORED = -100
WINDOWS = (256, 512, 1024)


def encode(java, jar, tokenizer, text):
    """All documents of a file as (inputs, targets)."""
    documents = [json.loads(line) for line in open(text)]
    lines = text.with_suffix(".parts")
    with open(lines, "w") as out:
        for parts in documents:
            for part in parts:
                out.write(json.dumps(part) + "\n")
    command = [java, "-jar", jar, "tokenize", "--tokenizer", tokenizer, "--file", lines]
    ids = iter(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.splitlines())
    return [sequence([json.loads(next(ids)) for _ in parts]) for parts in documents]


def sequence(parts):
    """Prompts and answers in turn, each starting with BOS, which only the first keeps."""
    bos = parts[0][0]
    end = bos + 2
    inputs, targets = [bos], [IGNORED]
    for i, part in enumerate(parts):
        ids = part[1:]
        inputs += ids
        if i % 2 == 0:
            targets += [IGNORED] * len(ids)
        else:
            targets[-1] = ids[0]
            targets += ids[1:] + [end]
    return array("h", inputs), array("h", targets)  # 2 bytes a token


class Windows:
    """Batches of windows of one length, several short documents in each."""

    def __init__(self, documents, length, tokens, seed):
        self.length = length
        self.per_batch = max(1, tokens // length)
        self.random = random.Random(seed)
        self.documents = documents
        self.batches = []

    def pack(self):
        self.random.shuffle(self.documents)
        windows, open_windows = [], []
        for document in self.documents:
            size = min(len(document[0]), self.length)
            for window in open_windows:
                if window[0] + size <= self.length:
                    break
            else:
                window = [0, []]
                windows.append(window)
                open_windows.append(window)
                if len(open_windows) > 20:
                    open_windows.pop(0)
            window[0] += size
            window[1].append(document)
        self.random.shuffle(windows)
        n = self.per_batch
        self.batches = [windows[i : i + n] for i in range(0, len(windows), n)]

    def next(self, device="cpu"):
        """(inputs, targets, document numbers), each `[windows, length]`."""
        if not self.batches:
            self.pack()
        return tensors([w[1] for w in self.batches.pop()], self.length, device)


def tensors(windows, length, device):
    inputs = torch.zeros(len(windows), length, dtype=torch.long)
    targets = torch.full_like(inputs, IGNORED)
    document = torch.full_like(inputs, -1)
    for row, documents in enumerate(windows):
        at = 0
        for number, (ids, wanted) in enumerate(documents):
            size = min(len(ids), length)
            inputs[row, at : at + size] = torch.frombuffer(ids, dtype=torch.int16, count=size)
            targets[row, at : at + size] = torch.frombuffer(wanted, dtype=torch.int16, count=size)
            document[row, at : at + size] = number
            at += size
    return inputs.to(device), targets.to(device), document.to(device)
