"""What it costs to name a mistake: CPU time of a diagnosis, for every exercise.

Each answer is diagnosed twice and the second time counts: what a run works out once, such as what
the known mistakes answer, is worked out by then. One in so many of the mistakes and pairs with a
name is taken, and as many answers with three mistakes at once, for which every name is tried.

    python benchmarks/diagnosis.py [--every 25] [STEM …]
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.faults import fault_models
from autograder.faults.diagnose import diagnose
from autograder.faults.model import FaultModel
from autograder.sheets import sheets

MOST_SECONDS = 0.05
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Measure, print a table and return 1 if a diagnosis of some exercise takes too long."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("stems", nargs="*", metavar="STEM", default=[], help="sheets; default: all")
    parser.add_argument("--every", type=int, default=25, help="one in so many combinations")
    options = parser.parse_args()
    if unknown := set(options.stems) - set(sheets()):
        parser.error(
            f"there is no sheet {', '.join(sorted(unknown))}; there are {', '.join(sheets())}"
        )
    torch.set_num_threads(1)
    stems = options.stems or sheets()
    models = [model for stem in stems for model in fault_models(stem).values()]
    table = Table("exercise", "answers", "median", "95 %", "longest")
    slow = []
    for model in track(models, "diagnosing", console=Console(stderr=True), transient=True):
        taken = sorted(seconds(model, answer) for answer in answers(model, options.every))
        most = taken[int(0.95 * len(taken))]
        shown = [f"{1000 * each:.1f} ms" for each in (statistics.median(taken), most, taken[-1])]
        table.add_row(model.exercise, str(len(taken)), *shown)
        if most >= MOST_SECONDS:
            slow.append(model.exercise)
    console.print(table)
    bar = f"95 % of the diagnoses of each exercise take less than {1000 * MOST_SECONDS:.0f} ms"
    console.print(f"MISSED  {bar}: {', '.join(slow)}" if slow else f"holds   {bar}")
    return 1 if slow else 0


def answers(model: FaultModel, every: int) -> Iterator[Callable[..., Any]]:
    """Yield answers that have a name, and about as many that have none."""
    known = list(itertools.islice(model.combinations(), 0, None, every))
    for faults in known:
        yield model.faulty(fault.name for fault in faults)
    for faults in itertools.islice(triples(model), len(known)):
        yield model.faulty(fault.name for fault in faults)


def triples(model: FaultModel) -> Iterator[tuple[Any, ...]]:
    """Yield three faults of which each pair can be made together."""
    names = {frozenset(fault.name for fault in faults) for faults in model.combinations()}
    for three in itertools.combinations(model.faults, 3):
        pairs = itertools.combinations(three, 2)
        if all(frozenset(fault.name for fault in pair) in names for pair in pairs):
            yield three


def seconds(model: FaultModel, answer: Callable[..., Any]) -> float:
    """Return the CPU time of the second diagnosis of an answer."""
    diagnose(model, answer)
    started = time.process_time()
    diagnose(model, answer)
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
