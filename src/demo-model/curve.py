"""Draws the loss of the training and of the held-out text as SVG."""

import argparse
import json
import math
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 360, 56, 40, 16
LINES = (0.05, 0.1, 0.2, 0.5, 1, 2, 5)


def draw(loss, held_out):
    smooth = [(loss[i][0], mean(loss[max(0, i - 9) : i + 1])) for i in range(len(loss))]
    steps = max(step for step, _ in loss + held_out)
    top = math.log(max(v for _, v in smooth))
    low = math.log(min(v for _, v in smooth + held_out) * 0.9)

    def x(step):
        return LEFT + (WIDTH - LEFT - 16) * step / steps

    def y(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (top - math.log(value)) / (top - low)

    def path(points):
        return " ".join(f"{x(s):.1f},{y(v):.1f}" for s, v in points)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for value in LINES:
        if low <= math.log(value) <= top:
            parts.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - 16}" stroke="#ddd"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value}</text>')
    for step in range(0, steps + 1, 200):
        parts.append(f'<text x="{x(step):.1f}" y="{HEIGHT - 20}" text-anchor="middle">{step}</text>')
    parts += [
        f'<polyline points="{path(smooth)}" fill="none" stroke="#5b8fd9"/>',
        f'<polyline points="{path(held_out)}" fill="none" stroke="#d9685b" stroke-width="2"/>',
        f'<text x="{WIDTH - 20}" y="{TOP + 14}" text-anchor="end" fill="#5b8fd9">training text, mean of 10 steps</text>',
        f'<text x="{WIDTH - 20}" y="{TOP + 32}" text-anchor="end" fill="#d9685b">held-out wordings</text>',
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 4}" text-anchor="middle">steps; loss per token, logarithmic</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def mean(points):
    return sum(value for _, value in points) / len(points)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, required=True, help="with curve.json")
    options.add_argument("--svg", type=Path, required=True)
    given = options.parse_args()
    curve = json.loads((given.folder / "curve.json").read_text())
    loss, held_out = ([tuple(point) for point in curve[name]] for name in ("loss", "heldOut"))
    given.svg.write_text(draw(loss, held_out))
    print(f"{given.svg}: {held_out[-1][0]} steps, {curve['seconds']:.0f} s, held-out loss {curve['heldOut'][-1][1]:.4f}")


if __name__ == "__main__":
    main()
