"""Asks the held-out questions through the program's chat, greedily, and judges the answers.

Each row of the result is a model on a number of nodes: how many answers are right, and how many are
letter for letter those of the first row.
"""

import argparse
import json
import re
import subprocess
import threading
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
DEADLINE = 1200  # seconds for all questions
HERO = re.compile(r"(?:named|name was) (\w+)")
END = re.compile(r"^(stopped; )?\d+ tokens?, ")
NOISE = re.compile(
    r"^(built-in model:|root at |no cluster key|the worker at|rank |\d+ nodes? ready|\d+ of \d+ nodes|.*: architecture )"
)


def chat(command, questions):
    """The answers to the turns of each question.

    A program that takes longer than `DEADLINE` for all is ended."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    deadline = threading.Timer(DEADLINE, process.kill)
    deadline.start()
    answers = []
    try:
        for question in questions:
            said = []
            for turn in question["turns"]:
                process.stdin.write(turn + "\n")
                process.stdin.flush()
                said.append(read_answer(process.stdout))
            answers.append(said)
            process.stdin.write("/reset\n")
            process.stdin.flush()
            read_until(process.stdout, lambda line: "starting over" in line)
        process.stdin.close()
        process.wait()
    finally:
        deadline.cancel()
        process.kill()
    return answers


def read_answer(out):
    return "\n".join(line for line in read_until(out, END.match) if not NOISE.match(line))


def read_until(out, last):
    """The lines before the one that is the `last`."""
    lines = []
    for line in out:
        if last(line):
            return lines
        lines.append(line.strip())
    raise SystemExit(f"the program ended, or took longer than {DEADLINE} s: " + " ".join(lines))


def right(said, rule):
    """Whether the last of the answers has a phrase of each group. `{last}` stands for the answer
    before it, `{hero}` for the name in the last story: the model tells its own stories."""
    *before, answer = said
    heroes = HERO.findall(" ".join(before)) or ["nobody"]
    known = {"{last}": before[-1] if before else "", "{hero}": heroes[-1]}
    return all(any(known.get(phrase, phrase).lower() in answer.lower() for phrase in group) for group in rule)


def report(questions, results):
    print("| | right | held-out wordings | free wordings | answers as in the first row |\n|---|---|---|---|---|")
    first = next(iter(results.values()))
    by_theme = ""
    for name, answers in results.items():
        score = defaultdict(lambda: [0, 0])
        for question, answer in zip(questions, answers):
            kind = "free" if question["theme"] == "free" else "held out"
            for key in {question["theme"], kind, "all"}:
                score[key][0] += right(answer, question["rule"])
                score[key][1] += 1
        same = sum(a[-1] == b[-1] for a, b in zip(answers, first))
        cells = [share(*score["all"]), share(*score["held out"]), share(*score["free"]), f"{same} of {len(answers)}"]
        print(f"| {name} | " + " | ".join(cells) + " |")
        if answers is first:
            by_theme = ", ".join(f"{t} {a} of {b}" for t, (a, b) in score.items() if t not in ("all", "held out"))
    print(f"\nFirst row by theme: {by_theme}")


def share(good, all_of_them):
    return "%d of %d (%.0f %%)" % (good, all_of_them, 100 * good / max(1, all_of_them))


def write_answers(path, questions, results):
    with open(path, "w") as out:
        for i, question in enumerate(questions):
            out.write(f"[{question['theme']}] {' > '.join(question['turns'])}\n    rule {question['rule']}\n")
            for name, answers in results.items():
                verdict = "right" if right(answers[i], question["rule"]) else "WRONG"
                out.write(f"    {verdict} {name}: {answers[i][-1]}\n")


def runs(given):
    greedy = ["--temperature", "0"]
    one = [given.java, "-jar", given.jar, "--nodes", "1", "--host", "127.0.0.1", "--port", "0", *greedy]
    four = [HERE.parent.parent / "scripts" / "local-cluster", "4", *greedy]
    exact = ["--model", given.exact, "--tokenizer", given.tokenizer]
    return {
        "Q40, 1 node": one,
        "Q40, 4 nodes": four,
        "F32, 1 node": one + exact,
        "Q40, 1 node, f32 exchange": one + ["--buffer-float-type", "f32"],
        "Q40, 4 nodes, f32 exchange": four + ["--buffer-float-type", "f32"],
    }


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jar", required=True)
    options.add_argument("--java", default="java")
    options.add_argument("--exact", help="the model in float32, .m", required=True)
    options.add_argument("--tokenizer", required=True)
    options.add_argument("--answers", type=Path, help="file for all answers")
    options.add_argument("--first", type=int, help="only so many of the runs")
    given = options.parse_args()
    questions = json.loads((HERE / "questions.json").read_text())
    results = {name: chat(command, questions) for name, command in list(runs(given).items())[: given.first]}
    report(questions, results)
    if given.answers:
        write_answers(given.answers, questions, results)


if __name__ == "__main__":
    main()
