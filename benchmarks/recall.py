"""How much softmax and linear attention recall, by the number of pairs and the width.

    python benchmarks/recall.py          prints what is kept in benchmarks/measured
    python benchmarks/recall.py --save   trains every model anew, about two minutes, and keeps it

The table of book/approximate.md: one layer, three seeds, equal steps.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import torch

from attnbook.attention import scaled_dot_product_attention
from attnbook.linear_attention import linear_attention
from attnbook.recall import recalled

MECHANISMS = {"softmax": scaled_dot_product_attention, "linear": linear_attention}
PAIRS, WIDTHS, SEEDS, STEPS = (8, 16, 32, 64), (16, 64), 3, 1000
MEASURED = Path(__file__).parent / "measured" / "recall.json"


def measure(mechanism: str, d_head: int, num_pairs: int) -> dict[str, object]:
    """Train the models of one cell of the table."""
    attention = MECHANISMS[mechanism]
    shares = [
        round(recalled(attention, num_pairs, seed, d_head=d_head, steps=STEPS), 4)
        for seed in range(SEEDS)
    ]
    return {"mechanism": mechanism, "d_head": d_head, "pairs": num_pairs, "recalled": shares}


def main() -> None:
    """Print the table that is kept, or measure anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help=f"measure and write {MEASURED.name}")
    if parser.parse_args().save:
        torch.set_num_threads(1)
        cells = []
        for chosen in itertools.product(MECHANISMS, WIDTHS, PAIRS):
            cells.append(measure(*chosen))
            print(cells[-1], flush=True)
        table = json.dumps({"steps": STEPS, "cells": cells}, indent=1)
        MEASURED.write_text(table + "\n", encoding="utf-8")
    print(MEASURED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
