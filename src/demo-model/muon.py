"""Muon (Jordan et al., 2024): momentum whose matrices are made orthogonal before they are applied.

It needs about half as many steps as AdamW here, which matters on a processor.
"""

from collections import defaultdict

import torch


# Polynomials of the first three iterations of Polar Express (Amsel et al., 2025).
ITERATIONS = [(8.2872, -23.5959, 17.3004), (4.1071, -2.9478, 0.5448), (3.9487, -2.9089, 0.5518)]


def orthogonal(stack, dtype):
    """Iterates towards the nearest orthogonal matrices of `[n, rows, cols]`.

    It need not be exact, and is a fifth of a step as it is."""
    tall = stack.shape[1] > stack.shape[2]
    x = stack.transpose(1, 2) if tall else stack
    x = (x / (1.01 * x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)).to(dtype)
    for a, b, c in ITERATIONS:
        square = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return (x.transpose(1, 2) if tall else x).to(stack.dtype)


class Muon(torch.optim.Optimizer):
    """`dtype` is that of the iteration: bfloat16 will do where it is fast."""

    def __init__(self, matrices, lr=0.02, momentum=0.95, decay=0.01, dtype=torch.float32):
        self.dtype = dtype
        super().__init__(matrices, dict(lr=lr, momentum=momentum, decay=decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            same = defaultdict(list)
            for p in group["params"]:
                same[p.shape].append(p)
            for shape, params in same.items():
                updates = []
                for p in params:
                    state = self.state[p]
                    speed = state.setdefault("speed", torch.zeros_like(p))
                    speed.mul_(group["momentum"]).add_(p.grad)
                    updates.append(p.grad + group["momentum"] * speed)
                scale = max(1, shape[0] / shape[1]) ** 0.5
                for p, update in zip(params, orthogonal(torch.stack(updates), self.dtype)):
                    p.mul_(1 - group["lr"] * group["decay"])
                    p.add_(update, alpha=-group["lr"] * scale)
