"""CPU time for each submission: ours, nbgrader's and otter's, on the same functions in one run.

Ours: the sheet `attention` with all its four exercises, graded by `autograder grade` in full
isolation with reports and gradebook, everything included from the command's start to its end. The
notebooks are those of `autograder.demo`: about half of the answers are right and written in
different ways, the others have one known mistake or two, which the grader names. With --mishaps,
one in a hundred cannot be run at all: a syntax error, a loop without an end, an exit. A peer gets
the first few of the same answers to three of the exercises, tests that make about the same calls,
no isolation, and names no mistake.

    python benchmarks/throughput.py [--submissions 300] [--jobs 2] [--peers nbgrader,otter]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from peers import nbgrader, otter
from peers.course import EXERCISES, PEERS, POINTS, Cost, measure
from rich.console import Console
from rich.table import Table

from autograder.demo import Sample, sample_class, write_class

STEM = "attention"
GRADERS = {"nbgrader": nbgrader.grade, "otter": otter.grade}
MOST_CPU, LEAST_PER_SECOND, LEAST_RATIO = 0.060, 25.0, 60.0
BURNED = 1.5
BURN = f"import time\nwhile time.process_time() < {BURNED}:\n    pass\n"

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Measure, print a table and return 1 if a bar was missed."""
    options = read_options()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        check_that_forks_are_counted(place / "calibration")
        samples = choose(options.submissions, mishaps=options.mishaps)
        console.print(f"ours: {len(samples)} notebooks, {options.jobs} lanes …")
        ours = grade_ours(samples, place / "ours", options.jobs)
        rows = {"autograder": (len(samples), ours)}
        # What cannot be run at all would cost a peer its whole time limit.
        few = [sample for sample in samples if not sample.mishap][: options.peer_submissions]
        for name in options.peers:
            console.print(f"{name}: {len(few)} notebooks …")
            rows[name] = (len(few), grade_theirs(name, few, place / name))
    print_table(rows)
    return 0 if bars_hold(rows) else 1


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--submissions", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2, help="lanes")
    parser.add_argument("--peers", default="nbgrader,otter", help="names, divided by commas")
    parser.add_argument("--peer-submissions", type=int, default=8)
    parser.add_argument("--mishaps", action="store_true", help="with cells that cannot be run")
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    if unknown := set(options.peers) - GRADERS.keys():
        parser.error(f"unknown peers {sorted(unknown)}; there are {sorted(GRADERS)}")
    if options.peers and not (PEERS / "bin/nbgrader").exists():
        parser.error("the peers are not installed: make peers")
    return options


def choose(number: int, *, mishaps: bool) -> list[Sample]:
    """Return the class: the sample class, or as many of it without those that cannot be run."""
    if not mishaps:
        return [sample for sample in sample_class(STEM, number + 10) if not sample.mishap][:number]
    samples = choose(number, mishaps=False)
    broken = [sample for sample in sample_class(STEM, 5) if sample.mishap]
    for place in range(50, number, 100):
        one = broken[place // 100 % len(broken)]
        samples[place] = Sample(f"{one.learner} {place}", one.cells, one.mistakes, one.mishap)
    return samples


def grade_ours(samples: Sequence[Sample], place: Path, jobs: int) -> Cost:
    """Grade with our command and return what it cost."""
    write_class(STEM, samples, place / "class")
    command = [sys.executable, "-m", "autograder", "grade", str(place / "class")]
    command += ["--out", str(place / "out"), "--jobs", str(jobs), "--seed", "7"]
    cost = measure(command, place, {**os.environ, "OMP_NUM_THREADS": "1"})
    results = json.loads((place / "out/results.json").read_text("utf-8"))
    assert results["isolation"] == "full", results["isolation"]
    assert len(results["submissions"]) == len(samples)
    full = [one["score"] == one["max_score"] for one in results["submissions"]]
    console.print(f"      {sum(full)} of them right in everything, isolation full")
    return cost


def grade_theirs(name: str, samples: Sequence[Sample], place: Path) -> Cost:
    """Grade with a peer; the first sample is right in everything and must have all points."""
    place.mkdir()
    answers = [{exercise: sample.cells[exercise] for exercise in EXERCISES} for sample in samples]
    cost, points = GRADERS[name](answers, place)
    assert len(points) == len(samples), points
    assert points[0] == POINTS * len(EXERCISES), points
    console.print(f"      points: {', '.join(f'{each:g}' for each in points)}")
    return cost


def check_that_forks_are_counted(place: Path) -> None:
    """Grade a notebook that is known to burn CPU time in its own process, and see it counted."""
    [sample] = choose(1, mishaps=False)
    name = EXERCISES[-1]
    burning = Sample("burning", sample.cells | {name: BURN + sample.cells[name]})
    # The first run on a machine reads its files from the disk, which costs CPU time as well.
    grade_ours([sample], place / "first", 1)
    costs = [grade_ours([one], place / one.learner, 1).cpu for one in (sample, burning)]
    counted = costs[1] - costs[0]
    assert counted > 0.6 * BURNED, f"of {BURNED} s burned in a submission {counted:.1f} counted"
    console.print(f"counted {counted:.1f} s of the {BURNED} s that a submission burned\n")


def print_table(rows: dict[str, tuple[int, Cost]]) -> None:
    """Print what each grader took for a submission, and how much more than ours."""
    table = Table("grader", "notebooks", "CPU each", "each second", "CPU, times ours")
    ours = rows["autograder"][1].cpu / rows["autograder"][0]
    for name, (number, cost) in rows.items():
        each = cost.cpu / number
        table.add_row(
            name,
            str(number),
            f"{1000 * each:.1f} ms",
            f"{number / cost.wall:.2f}",
            f"{each / ours:.1f}",
        )
    console.print(table)


def bars_hold(rows: dict[str, tuple[int, Cost]]) -> bool:
    """Print the bars and whether each holds."""
    number, cost = rows["autograder"]
    ours = cost.cpu / number
    bars = {
        f"at most {1000 * MOST_CPU:.0f} ms of CPU each": ours <= MOST_CPU,
        f"at least {LEAST_PER_SECOND:.0f} each second": number / cost.wall >= LEAST_PER_SECOND,
    }
    for name, (count, other) in rows.items():
        if name != "autograder":
            bars[f"{name} at least {LEAST_RATIO:.0f} times"] = (
                other.cpu / count >= LEAST_RATIO * ours
            )
    for bar, holds in bars.items():
        console.print(f"{'holds ' if holds else 'MISSED'}  {bar}")
    return all(bars.values())


if __name__ == "__main__":
    sys.exit(main())
