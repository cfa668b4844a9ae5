"""The network: a Llama of 8 heads, small enough to train on a processor.

Weights are `[out, in]`, as in a `.m` file. Rotation pairs i with i + headDim/2 here because that is
cheaper in torch; `export.py` reorders the rows of wq and wk to adjacent pairs, which a `.m` file of
Llama type has.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

BLOCK = 32
EPSILON = 1e-5
EMBEDDING_SCALE = 8.0
COPYING_HEADS = 2


@dataclass
class Shape:
    vocab: int
    dim: int = 256
    ffn: int = 512
    layers: int = 4
    heads: int = 8
    context: int = 1024
    theta: int = 1000000

    @property
    def head_dim(self):
        return self.dim // self.heads


def q40_blocks(weight):
    """Scales, float16 `[blocks, 1]`, and nibbles 0 to 15 `[blocks, 32]` of the weight in Q40, which
    is (nibble - 8) * scale; the largest value of a block becomes -8 times its scale."""
    blocks = weight.reshape(-1, BLOCK)
    scale = (blocks.gather(1, blocks.abs().argmax(1, keepdim=True)) / -8).half()
    divisor = torch.where(scale == 0, torch.ones_like(scale), scale).float()
    nibbles = torch.where(scale == 0, torch.zeros_like(blocks), blocks / divisor)
    return scale, (nibbles + 8.5).floor().clamp(0, 15)


def q40(weight):
    """The weight as Q40 keeps it."""
    scale, nibbles = q40_blocks(weight)
    return (nibbles - 8).mul(scale.float()).reshape(weight.shape)


def quantized(weight):
    """Rounded forwards, as if it were not backwards."""
    return weight + (q40(weight.detach()) - weight.detach())


class Norm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * self.weight


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        d, f = shape.dim, shape.ffn
        self.heads, self.head_dim = shape.heads, shape.head_dim
        self.attention_norm, self.ffn_norm = Norm(d), Norm(d)
        for name, rows, cols in (
            ("wq", d, d), ("wk", d, d), ("wv", d, d), ("wo", d, d), ("w1", f, d), ("w2", d, f), ("w3", f, d)
        ):
            weight = torch.randn(rows, cols) * cols**-0.5
            setattr(self, name, nn.Parameter(weight * (0.2 if name in ("wo", "w2") else 1.0)))

    def attend(self, x, turn, mask, weight):
        batch, length, dim = x.shape
        h = self.attention_norm(x)
        qkv = F.linear(h, torch.cat([weight(self.wq), weight(self.wk), weight(self.wv)]))
        qkv = qkv.view(batch, length, 3, self.heads, self.head_dim).permute(2, 0, 3, 1, 4)
        q, k = turn(qkv[0] * self.head_dim**-0.5), turn(qkv[1])
        scores = q @ k.transpose(2, 3) + mask
        mixed = (scores.softmax(-1) @ qkv[2]).transpose(1, 2).reshape(batch, length, dim)
        return x + F.linear(mixed, weight(self.wo))

    def feed(self, x, weight):
        h = self.ffn_norm(x)
        gate, up = F.linear(h, torch.cat([weight(self.w1), weight(self.w3)])).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, weight(self.w2))


class Model(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        # One matrix for embedding and wcls, in different scales: a token that attention brings
        # along is then already what the output needs, so that words of the question can be repeated.
        self.wcls = nn.Parameter(torch.randn(shape.vocab, shape.dim) * shape.dim**-0.5)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.dim)
        self.rounded = False
        half = shape.head_dim // 2
        frequency = shape.theta ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(shape.context)[:, None] * frequency
        self.register_buffer("cos", angle.cos().float().repeat(1, 2), persistent=False)
        self.register_buffer("sin", angle.sin().float().repeat(1, 2), persistent=False)

    @property
    def embedding(self):
        return self.wcls * EMBEDDING_SCALE

    def forward(self, tokens, document=None, wanted=None):
        """Logits of `tokens` `[batch, length]`; a token sees those of its own `document` only.

        With `wanted`, a mask of the same shape, only the rows where it is set."""
        length = tokens.shape[1]
        cos, sin = self.cos[:length], self.sin[:length]
        hidden = torch.ones(length, length, dtype=torch.bool, device=tokens.device).triu(1)[None, None]
        if document is not None:
            hidden = hidden | (document[:, None, :, None] != document[:, None, None, :])
        mask = torch.zeros(hidden.shape, device=tokens.device).masked_fill(hidden, -1e9)

        def turn(x):
            a, b = x.chunk(2, -1)
            return x * cos + torch.cat([-b, a], -1) * sin

        weight = quantized if self.rounded else lambda w: w
        x = F.embedding(tokens, self.wcls) * EMBEDDING_SCALE
        for layer in self.layers:
            x = layer.attend(x, turn, mask, weight)
            if layer is self.layers[-1] and wanted is not None:
                x = x[wanted]  # nothing looks at the others any more
            x = layer.feed(x, weight)
        return F.linear(self.norm(x), weight(self.wcls))

    @torch.no_grad()
    def prepare_copying(self):
        """Lets the first layers begin with what copying needs and what is slow to be found.

        Heads of layer 0 look at the token before and note it. Heads of layer 1 look for the note of
        a token like the present one, that is for what followed it earlier."""
        constant = F.normalize(torch.randn(self.shape.dim), dim=0)  # for heads that look at places, not at tokens
        self.wcls.sub_((self.wcls @ constant)[:, None] * constant).add_(0.5 * constant)
        size, half = self.shape.head_dim, self.shape.head_dim // 2
        pair = torch.arange(size) % half
        fast, slow = (pair < 4)[:, None], (pair > 4)[:, None]  # how far pairs turn from token to token
        here = (torch.arange(size) < half)[:, None] * constant
        one_back = torch.cat([self.cos[1, :half], self.sin[1, :half]])[:, None] * constant
        before, after = self.layers[0], self.layers[1]
        for head in range(COPYING_HEADS):
            rows = slice(head * size, (head + 1) * size)
            before.wq[rows] = 1.5 * fast * here
            before.wk[rows] = 1.5 * fast * one_back
            before.wv[rows] -= (before.wv[rows] @ constant)[:, None] * constant
            before.wo[:, rows] *= 5
            after.wq[rows] = 2 * slow * before.wv[rows]
            after.wk[rows] = 2 * slow * before.wo[:, rows].T
            after.wv[rows] *= 1.7
        for layer in self.layers[1:]:
            layer.wo.copy_(layer.wv.T)  # what a head looks at becomes likely

    def matrices(self):
        return [w for layer in self.layers for w in layer.parameters() if w.dim() == 2]

    def others(self):
        return [self.wcls, self.norm.weight] + [
            w for layer in self.layers for w in layer.parameters() if w.dim() == 1
        ]
