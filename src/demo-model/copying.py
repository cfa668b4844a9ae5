"""Windows of random tokens in which spans come again.

What a conversation refers to stands earlier in it, but few tokens of a conversation tell so. Here
nearly all do: attention learns to look up what followed the last time.
"""

import random

import torch

from data import IGNORED


class Copying:
    def __init__(self, vocab, length, tokens, seed):
        self.vocab = vocab
        self.length = length
        self.windows = tokens // length
        self.random = random.Random(seed)

    def window(self):
        pick = self.random
        bos = self.vocab - 3
        shown = [pick.randrange(32, bos) for _ in range(pick.randint(6, 40))]
        ids, targets = [bos] + shown, [IGNORED] * (1 + len(shown))
        while len(ids) < self.length + 1:
            start = pick.randrange(len(shown) - 3)
            span = shown[start : start + pick.randint(3, 12)]
            targets += span[1:] + [IGNORED]
            ids += span
        return ids[: self.length], targets[: self.length]

    def next(self, device="cpu"):
        """As `data.Windows.next`."""
        pairs = [self.window() for _ in range(self.windows)]
        inputs = torch.tensor([ids for ids, _ in pairs])
        targets = torch.tensor([wanted for _, wanted in pairs])
        return inputs.to(device), targets.to(device), torch.zeros_like(inputs).to(device)
