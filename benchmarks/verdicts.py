"""Thousands of submissions whose verdicts are known, through the real grader: none may be wrong.

Right answers, known mistakes and pairs of them are written in some thirty ways (reformatted,
renamed, reordered, wrapped, with magics and noise), graded in isolation and compared.

    python benchmarks/verdicts.py --stem attention --submissions 2000
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from variants.notebooks import notebook
from variants.submissions import Made, submissions

from autograder.sheets import sheets


def wrong(made: Made, results: list[dict[str, Any]]) -> list[str]:
    """Return a line for each exercise that was not graded as what it is."""
    lines = []
    for result in results:
        expected, found = made.mistakes[result["name"]], frozenset(result["diagnosis"])
        full = result["score"] == result["max_score"]
        right = result["status"] == "passed" and full
        failed = result["status"] in ("failed", "error") and not full
        if found != expected or not (failed if expected else right):
            lines.append(
                f"{made.kind}, {result['name']}: made with {sorted(expected) or 'no mistake'}, "
                f"{result['status']} with {result['score']:g} of {result['max_score']:g}, "
                f"diagnosed as {sorted(found)} {result['message'][:200]}"
            )
    return lines if len(results) == len(made.mistakes) else [*lines, f"{made.kind}: no result"]


def graded(
    stem: str, made: dict[str, Made], seed: int, jobs: int
) -> dict[str, list[dict[str, Any]]]:
    """Hand in, grade with the command, and return the results of each submission's exercises."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for learner, each in made.items():
            (root / "in" / learner).mkdir(parents=True)
            content = json.dumps(notebook(each.cells))
            (root / "in" / learner / f"{stem}.ipynb").write_text(content, "utf-8")
        command = [sys.executable, "-m", "autograder", "grade", str(root / "in")]
        options = ["--out", str(root / "out"), "--jobs", str(jobs), "--seed", str(seed)]
        subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
        course = json.loads((root / "out" / "results.json").read_text("utf-8"))
    print(f"isolation: {course['isolation']}")
    return {each["learner"]: each["exercises"] for each in course["submissions"]}


def main() -> None:
    """Grade, print the count of each kind and the wrong verdicts; end with 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stem", default="attention", choices=sheets())
    parser.add_argument("--submissions", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    drawn = enumerate(submissions(options.stem, options.submissions, options.seed))
    made = {f"{number:06}": each for number, each in drawn}
    started = time.monotonic()
    results = graded(options.stem, made, options.seed, options.jobs)
    for kind, count in Counter(each.kind for each in made.values()).items():
        print(f"{count:6}  {kind}")
    answers = Counter(len(names) for each in made.values() for names in each.mistakes.values())
    print(f"answers: {answers[0]} right, {answers[1]} with one mistake, {answers[2]} with two")
    lines = [
        f"{name}: {line}" for name, each in made.items() for line in wrong(each, results[name])
    ]
    print("\n".join(lines[:200]))
    seconds = time.monotonic() - started
    print(f"{len(made)} submissions in {seconds:.0f} s: {len(lines)} wrong verdicts")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
