"""Trains the model: Muon for the matrices, AdamW for the rest, loss on the answers.

The learning rate is constant after a warm-up and falls linearly to zero in the last part. In the
very last part weights are rounded to Q40 in every step, so that the model learns to live with it.
A checkpoint is written now and then; the same command goes on from it.
"""

import argparse
import json
import pickle
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as F

import data
from model import Model, Shape
from muon import Muon

TOKENS_PER_STEP = 2048
WARM_UP = 30
FALLING = 0.6
ROUNDED = 0.25
MATRIX_RATE = 0.012
OTHER_RATE = 0.0015


def factor(step, done):
    """What the rates are multiplied with after `step` steps, when a share of `done` lies behind."""
    return min(1.0, (step + 1) / WARM_UP, (1 - done) / FALLING)


def fast_bfloat16(device):
    if device == "cuda":
        return torch.cuda.is_bf16_supported()
    cpu = Path("/proc/cpuinfo")
    return cpu.exists() and "avx512_bf16" in cpu.read_text()


class Training:
    def __init__(self, given):
        self.given = given
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.bfloat16 = fast_bfloat16(self.device)
        train, validation, vocab = documents(given)
        self.sources = self.windows(train)
        self.validation = self.windows(validation)
        torch.manual_seed(given.seed)
        self.model = Model(Shape(vocab))
        self.model.prepare_copying()
        self.model.to(self.device)
        self.optimizers = [
            Muon(self.model.matrices(), lr=MATRIX_RATE, dtype=torch.bfloat16 if self.bfloat16 else torch.float32),
            torch.optim.AdamW(self.model.others(), lr=OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0),
        ]
        self.rates = [MATRIX_RATE, OTHER_RATE]
        self.step, self.seconds, self.curve, self.held_out = 0, 0.0, [], []
        print(f"{sum(p.numel() for p in self.model.parameters()):,} parameters on {self.device}, "
              f"bfloat16={self.bfloat16}, {sum(len(d[0]) for d in train):,} tokens of training text", flush=True)

    def windows(self, documents):
        """A source of batches for each window length, with the share of tokens that it has.

        Short documents fill the gaps in long windows."""
        sources, shortest = [], 0
        for length in data.WINDOWS:
            longest = length if length != data.WINDOWS[-1] else 1 << 30
            fitting = [d for d in documents if shortest < len(d[0]) <= longest]
            if shortest:
                fitting += documents[: len(fitting)]
            shortest = length
            if fitting:
                tokens = sum(min(len(d[0]), length) for d in fitting)
                sources.append((data.Windows(fitting, length, TOKENS_PER_STEP, self.given.seed), tokens))
        return sources

    def loss(self, batch):
        inputs, targets, document = batch
        wanted = targets != data.IGNORED
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.bfloat16):
            logits = self.model(inputs, document, wanted)
        return F.cross_entropy(logits.float(), targets[wanted])

    @property
    def done(self):
        """The share of the training that lies behind, by steps or by time."""
        return max(self.step / self.given.steps, self.seconds / (60 * self.given.minutes))

    def run(self):
        while self.done < 1:
            started = time.time()
            choose = random.Random(self.given.seed * 1_000_003 + self.step)
            source = choose.choices([s for s, _ in self.sources], [w for _, w in self.sources])[0]
            self.model.rounded = self.done >= 1 - ROUNDED
            loss = self.loss(source.next(self.device))
            loss.backward()
            for optimizer, rate in zip(self.optimizers, self.rates):
                optimizer.param_groups[0]["lr"] = rate * factor(self.step, self.done)
                optimizer.step()
                optimizer.zero_grad()
            self.step += 1
            self.seconds += time.time() - started
            self.curve.append((self.step, loss.item()))
            if self.step % 20 == 0:
                recent = mean(self.curve[-20:])
                print(f"step {self.step}, {100 * self.done:.0f} %: loss {recent:.3f}, {self.seconds:.0f} s", flush=True)
            if self.step % 200 == 0 or self.done >= 1:
                self.save()

    @torch.no_grad()
    def validate(self):
        total = count = 0
        for source, _ in self.validation:
            source.pack()
            while source.batches:
                batch = source.next(self.device)
                tokens = int((batch[1] != data.IGNORED).sum())
                total += float(self.loss(batch)) * tokens
                count += tokens
        return total / count

    def save(self):
        state = {
            "model": self.model.state_dict(), "shape": vars(self.model.shape), "step": self.step,
            "optimizers": [o.state_dict() for o in self.optimizers], "seconds": self.seconds, "curve": self.curve,
        }
        held_out = self.validate()
        print(f"step {self.step}: held-out loss {held_out:.4f}", flush=True)
        self.held_out.append((self.step, held_out))
        state["heldOut"] = self.held_out
        part = self.given.out / "checkpoint.part"
        torch.save(state, part)
        part.replace(self.given.out / "checkpoint.pt")
        curve = {"loss": self.curve, "heldOut": self.held_out, "seconds": self.seconds}
        (self.given.out / "curve.json").write_text(json.dumps(curve))

    def resume(self):
        path = self.given.out / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        self.step, self.seconds, self.curve = state["step"], state["seconds"], state["curve"]
        self.held_out = state["heldOut"]
        for source, _ in self.sources:
            source.random.seed(self.step)  # not the same windows once more
        print(f"going on from step {self.step}", flush=True)


def mean(points):
    return sum(value for _, value in points) / max(1, len(points))


def documents(given):
    """Encoded once, then kept beside the text."""
    kept = given.out / "tokens.pickle"
    texts = [given.out / "train.jsonl", given.out / "validation.jsonl"]
    if not kept.exists() or any(t.stat().st_mtime > kept.stat().st_mtime for t in texts):
        both = [data.encode(given.java, given.jar, given.out / "demo.t", text) for text in texts]
        kept.write_bytes(pickle.dumps(both))
    train, validation = pickle.loads(kept.read_bytes())
    return train, validation, train[0][0][0] + 3  # BOS is the first of three special tokens


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, required=True, help="folder with text and tokenizer")
    options.add_argument("--jar", required=True)
    options.add_argument("--java", default="java")
    options.add_argument("--steps", type=int, default=4000)
    options.add_argument("--minutes", type=float, default=float("inf"), help="fewer steps where they take longer")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    training = Training(given)
    training.resume()
    training.run()


if __name__ == "__main__":
    main()
