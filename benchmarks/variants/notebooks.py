"""What stands around the answers in a notebook: order, other cells, magics, imports."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

IMPORTS = "import torch"
EXTRA = (
    "", "# a cell of notes", "x = 1\nx", "print('hello')", "1 / 0", "undefined_name",
    "def unused(n):\n    return n", "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "check(causal_mask)", "from autograder import check\ncheck(print)", "name = input('who? ')",
    "import numpy as np\nnp.zeros(3)", "torch.manual_seed(3)", "for n in range(3): print(n)",
    "assert False, 'todo'", "help(torch.softmax)", "query = key = value = mask = None",
)  # fmt: skip
MAGICS = (
    "%matplotlib inline\n", "%load_ext autoreload\n%autoreload 2\n", "!pip install einops\n",
    "files = !ls\n", "%time _ = 1\n", "torch.softmax?\n", "%pip install torch\n", "%config x = 1\n",
)  # fmt: skip
CELL_MAGICS = ("%%time\n", "%%capture\n", "%%capture captured\n")
STARS = ("from math import *", "from torch.nn.functional import *", "from typing import *")


def plain(answers: list[str]) -> list[str]:
    """Imports and answers, in the order of the sheet."""
    return [IMPORTS, *answers]


def reordered(answers: list[str], chance: random.Random) -> list[str]:
    """Answers in another order."""
    return [IMPORTS, *chance.sample(answers, len(answers))]


def in_one_cell(answers: list[str]) -> list[str]:
    """All answers in one cell."""
    return ["\n\n".join([IMPORTS, *answers])]


def among_others(answers: list[str], chance: random.Random) -> list[str]:
    """With other cells before, between and after, some of which fail."""
    cells = [IMPORTS]
    for answer in answers:
        cells += [*chance.sample(EXTRA, chance.randrange(4)), answer]
    return [*cells, *chance.sample(EXTRA, 3)]


def with_magics(answers: list[str], chance: random.Random) -> list[str]:
    """With magics and shell commands in the cells of the answers."""
    start = (*MAGICS, *CELL_MAGICS)
    started = [chance.choice(start) + answer for answer in answers]
    return [f"%matplotlib inline\n{IMPORTS}", *started]


def with_stars(answers: list[str], chance: random.Random) -> list[str]:
    """With names imported by the dozen."""
    return ["\n".join([*chance.sample(STARS, 2), IMPORTS]), *answers]


def after_attempts(answers: list[str], names: Iterable[str]) -> list[str]:
    """With the stub of every answer and a wrong attempt before it."""
    wrong = "def {0}(*inputs):\n    raise NotImplementedError\ndef {0}(*inputs):\n    return 0"
    return [IMPORTS, *(wrong.format(name) for name in names), *answers]


ALWAYS_ALIKE: dict[str, Callable[[list[str]], list[str]]] = {
    "one cell": in_one_cell,
}
BY_CHANCE: dict[str, Callable[[list[str], random.Random], list[str]]] = {
    "reordered cells": reordered,
    "extra cells": among_others,
    "magics": with_magics,
    "star-imports": with_stars,
}
ATTEMPTS = "earlier attempts"
KINDS = (*ALWAYS_ALIKE, ATTEMPTS, *BY_CHANCE)


def arranged(kind: str, answers: Mapping[str, str], chance: random.Random) -> list[str]:
    """Return all code cells, arranged in the way of ``kind``; plainly if that is no such way.

    Args:
        kind: One of ``KINDS``, or any other.
        answers: The source of each exercise's cell, by the exercise's name.
        chance: Where choices are drawn from.
    """
    if kind == ATTEMPTS:
        return after_attempts(list(answers.values()), answers)
    cells = list(answers.values())
    if kind in ALWAYS_ALIKE:
        return ALWAYS_ALIKE[kind](cells)
    if kind in BY_CHANCE:
        return BY_CHANCE[kind](cells, chance)
    return plain(cells)


def notebook(cells: list[str]) -> dict[str, Any]:
    """Return a notebook of these code cells, as Jupyter would save it."""
    made = [
        {"cell_type": "code", "id": f"c{place}", "metadata": {}, "outputs": [],
         "execution_count": None, "source": source.splitlines(keepends=True)}
        for place, source in enumerate(cells)
    ]  # fmt: skip
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# Mine"]}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [title, *made]}
