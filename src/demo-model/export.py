"""Writes a checkpoint as `.m` files, in float32 and in Q40."""

import argparse
import struct
from pathlib import Path

import numpy
import torch

from model import BLOCK, Model, Shape, q40_blocks

F32, Q40 = 0, 2


def load(path):
    state = torch.load(path, map_location="cpu")
    model = Model(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    return model.eval()


def adjacent(weight, heads):
    """Rows in the order that rotates pairs (2i, 2i + 1) and not (i, i + headDim/2)."""
    rows, cols = weight.shape
    return weight.view(heads, 2, rows // heads // 2, cols).transpose(1, 2).reshape(rows, cols)


def header(shape, weight_type):
    # version, arch llama, dim, ffn, layers, heads, kv heads, experts, vocabulary, context, SiLU,
    # theta, weight type, rope type; the norms' epsilon of 1e-5 is the default
    values = {
        0: 0, 1: 0xABCD00, 2: shape.dim, 3: shape.ffn, 4: shape.layers, 5: shape.heads, 6: shape.heads,
        7: 0, 8: 0, 9: shape.vocab, 10: shape.context, 11: 1, 12: shape.theta, 13: weight_type, 18: 0,
    }
    pairs = b"".join(struct.pack("<ii", key, value) for key, value in values.items())
    return struct.pack("<ii", 0x0A00ABCD, 8 + len(pairs)) + pairs


def float_bytes(weight):
    return weight.detach().float().numpy().astype("<f4").tobytes()


def q40_bytes(weight):
    """Blocks of a float16 scale and 32 nibbles, two to a byte: the first 16 are the low halves."""
    scale, nibbles = q40_blocks(weight.detach().float())
    codes = nibbles.to(torch.uint8).numpy()
    packed = codes[:, : BLOCK // 2] | codes[:, BLOCK // 2 :] << 4
    return numpy.concatenate([scale.numpy().astype("<f2").view(numpy.uint8), packed], axis=1).tobytes()


def write(path, model, weight_type):
    matrix = float_bytes if weight_type == F32 else q40_bytes
    heads = model.shape.heads
    with open(path, "wb") as out:
        out.write(header(model.shape, weight_type))
        out.write(float_bytes(model.embedding))
        for layer in model.layers:
            for weight in (adjacent(layer.wq, heads), adjacent(layer.wk, heads), layer.wv, layer.wo,
                           layer.w1, layer.w2, layer.w3):
                out.write(matrix(weight))
            out.write(float_bytes(layer.attention_norm.weight))
            out.write(float_bytes(layer.ffn_norm.weight))
        out.write(float_bytes(model.norm.weight))
        out.write(matrix(model.wcls))
    print(f"{path}: {path.stat().st_size:,} bytes")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--checkpoint", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    model = load(given.checkpoint)
    write(given.out / "demo-f32.m", model, F32)
    write(given.out / "demo.m", model, Q40)


if __name__ == "__main__":
    main()
