"""Which stacks of blocks can be trained: by kind, depth and rate, with and without warm-up.

    python benchmarks/depth.py [--save]

Trains every model of the table in book/blocks.md, five seeds of each. The chapter trains the
twelve-layer models at the highest rate itself.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import torch

from attnbook.depth import KINDS, Kind, final_losses

LAYERS = (2, 4, 8, 12, 18, 24)
RATES = (1e-3, 3e-3, 1e-2)
NUM_STEPS, WARMUP_STEPS, SEEDS = 100, 40, 5
MEASURED = Path(__file__).parent / "measured" / "depth.json"


class Cell(msgspec.Struct, frozen=True):
    """The final loss of each seed, for one kind of stack and one way to train it."""

    kind: Kind
    num_layers: int
    rate: float
    warmup_steps: int
    losses: list[float]


class Measured(msgspec.Struct, frozen=True):
    """The whole table, and how long each model was trained."""

    num_steps: int
    cells: list[Cell]


def measure(kind: Kind, num_layers: int, rate: float, warmup_steps: int) -> Cell:
    """Train the models of one cell."""
    losses = final_losses(
        kind,
        num_layers,
        range(SEEDS),
        rate=rate,
        num_steps=NUM_STEPS,
        warmup_steps=warmup_steps,
    )
    return Cell(kind, num_layers, rate, warmup_steps, [round(x, 4) for x in losses.tolist()])


def grid() -> Iterator[tuple[Kind, int, float, int]]:
    """Yield the arguments of `measure` for every cell of the table."""
    yield from itertools.product(KINDS, LAYERS, RATES, (0, WARMUP_STEPS))


def main() -> None:
    """Measure and print; keep the table for the chapter if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help=f"write {MEASURED.name}")
    save = parser.parse_args().save
    torch.set_num_threads(1)
    cells = []
    for chosen in grid():
        cells.append(measure(*chosen))
        print(*chosen, *(f"{loss:.2f}" for loss in cells[-1].losses), flush=True)
    if save:
        text = msgspec.json.format(msgspec.json.encode(Measured(NUM_STEPS, cells)), indent=1)
        MEASURED.write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
