"""Compares the logits of torch with those of the program, on the float32 file."""

import argparse
import subprocess
from pathlib import Path

import numpy
import torch

from export import load


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, required=True, help="checkpoint, demo-f32.m")
    options.add_argument("--jar", required=True)
    options.add_argument("--java", default="java")
    given = options.parse_args()
    torch.manual_seed(7)
    model = load(given.folder / "checkpoint.pt")
    tokens = torch.randint(0, model.shape.vocab, (96,))
    with torch.no_grad():
        expected = model(tokens[None])[0].numpy()
    rows = given.folder / "logits.bin"
    subprocess.run(
        [given.java, "-jar", given.jar, "logits", "--nodes", "1", "--model", given.folder / "demo-f32.m",
         "--tokens", ",".join(map(str, tokens.tolist())), "--out", rows, "--port", "0", "--host", "127.0.0.1"], check=True)
    got = numpy.fromfile(rows, "<f4").reshape(expected.shape)
    difference = abs(got - expected).max()
    print(f"largest difference of {got.size:,} logits up to {abs(expected).max():.1f}: {difference:.2g}")
    if not difference <= 1e-3:
        raise SystemExit("the program computes something else than torch")


if __name__ == "__main__":
    main()
