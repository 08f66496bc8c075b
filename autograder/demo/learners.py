"""Who is in the sample class, and what they handed in."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.demo.cells import equivalent_cell, faulty_cell
from autograder.faults import fault_models
from autograder.faults.model import FaultModel
from autograder.files import replace_file
from autograder.published import solution_cells
from autograder.release import release
from autograder.submission import defined_names

FIRST_NAMES = (
    "Ada", "Bao", "Chidi", "Daria", "Émile", "Farah", "Goran", "Hana", "Ines", "Jun", "Kofi",
    "Lucía", "Mehmet", "Noor", "Olu", "Priya", "Quentin", "Rosa", "Søren", "Tala", "Uri", "Vera",
    "Wanjiru", "Ximena", "Yusuf", "Zofia",
)  # fmt: skip
"""Given names of many countries: the first is the learner who solves everything."""

MISHAPS = {
    "Robert '); DROP TABLE learners;--": "def {name}(*inputs):\n    return inputs[0",
    "=HYPERLINK(1)": "def {name}(*inputs):\n    while True:\n        pass",
    "<b>Bobby": "def {name}(*inputs):\n    import os\n    os._exit(0)",
}
"""What goes wrong in every class, in the last exercise; the names are data as well."""


@dataclass(frozen=True)
class Sample:
    """One learner of the sample class.

    Attributes:
        cells: For each exercise, the source of the cell that answers it.
        mistakes: For each exercise, the names of the mistakes made on purpose; empty if none.
        mishap: The exercise whose cell cannot be graded at all, if there is one.
    """

    learner: str
    cells: dict[str, str]
    mistakes: dict[str, frozenset[str]] = field(default_factory=dict)
    mishap: str = ""


def sample_class(stem: str, learners: int = 24, seed: int = 1) -> list[Sample]:
    """Return a class for one sheet: about half of the answers right, some mistakes popular.

    Args:
        stem: The sheet.
        learners: How many; a few of them hand in cells that cannot be run.
        seed: The same seed gives the same class.
    """
    models = fault_models(stem)
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    solutions = _solutions(stem)
    samples = [Sample(FIRST_NAMES[0], dict(solutions), dict.fromkeys(models, frozenset[str]()))]
    for number in range(1, learners - len(MISHAPS)):
        name = FIRST_NAMES[number % len(FIRST_NAMES)]
        learner = name if number < len(FIRST_NAMES) else f"{name} {number}"
        samples.append(_drawn(learner, models.values(), chance))
    for learner, source in MISHAPS.items():
        last = list(models)[-1]
        broken = {last: source.format(name=last)}
        mistakes = {name: frozenset[str]() for name in models if name != last}
        samples.append(Sample(learner, solutions | broken, mistakes, last))
    return samples


def write_class(stem: str, samples: Iterable[Sample], root: Path) -> None:
    """Write ``root/<learner>/<stem>.ipynb`` for each sample, as Jupyter would save it."""
    sheet = release(stem)
    for sample in samples:
        notebook = json.loads(sheet)
        for cell in notebook["cells"]:
            answered = defined_names("".join(cell["source"])) & set(sample.cells)
            if cell["cell_type"] == "code" and answered:
                cell["source"] = sample.cells[min(answered)]
        content = json.dumps(notebook, indent=1, ensure_ascii=False)
        replace_file(root / sample.learner / f"{stem}.ipynb", content.encode())


def _solutions(stem: str) -> dict[str, str]:
    exercises = fault_models(stem)
    return {
        name: source
        for source in solution_cells(stem)
        for name in defined_names(source) & set(exercises)
    }


def _drawn(learner: str, models: Iterable[FaultModel], chance: random.Random) -> Sample:
    cells, mistakes = {}, {}
    for model in models:
        names = _mistakes(model, chance)
        mistakes[model.exercise] = model.diagnosis_of(names)
        cells[model.exercise] = (
            faulty_cell(model, names)
            if names
            else equivalent_cell(model, chance.choice(model.equivalents))
        )
    return Sample(learner, cells, mistakes)


def _mistakes(model: FaultModel, chance: random.Random) -> list[str]:
    """Return no mistake, one or two; mistakes early in the model's list are more common."""
    kind = chance.random()
    if kind < 0.5:
        return []
    singles = [fault.name for fault in model.faults]
    popular = [1 / (place + 1) for place in range(len(singles))]
    if kind < 0.9:
        return chance.choices(singles, popular)
    pairs = [[fault.name for fault in pair] for pair in model.combinations() if len(pair) == 2]
    return chance.choice(pairs)
