"""Submissions whose verdicts are known because of how they are made."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from autograder.demo.cells import equivalent_cell, faulty_cell
from autograder.faults import fault_models
from autograder.faults.model import FaultModel
from variants import notebooks, rewriting

FOLLOWS = "answers that follow from a mistake"


@dataclass(frozen=True)
class Following:
    """An answer that calls another answer of its notebook.

    Attributes:
        builds_on: The exercise that it calls.
        exercise: What it answers.
        cell: Its source.
        not_followed: Mistakes of the other answer that this one is named with as well: it
            changes an input, or raises, or cannot be compared exactly where scores are extreme.
    """

    builds_on: str
    exercise: str
    cell: str
    not_followed: frozenset[str]


FOLLOWING = {
    "attention": Following(
        "attention_weights",
        "scaled_dot_product_attention",
        "def scaled_dot_product_attention(query, key, value, mask=None):\n"
        "    return attention_weights(query, key, mask) @ value",
        frozenset(
            {
                "an input is changed in place",
                "query and key are swapped",
                "masked scores are set to -1e9",
                "a bias of -1e9 is added",
                "scores are scaled by the number of keys",
            }
        ),
    )
}


@dataclass(frozen=True)
class Made:
    """One submission.

    Attributes:
        kind: In which way it was written.
        cells: Its code cells.
        mistakes: For each exercise, the names that its diagnosis must hold; empty if it is right.
    """

    kind: str
    cells: list[str]
    mistakes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def submissions(stem: str, count: int, seed: int) -> Iterator[Made]:
    """Yield ``count`` submissions: every mistake, many pairs, every equivalent, in every way."""
    models = fault_models(stem)
    chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
    answers = {name: _Answers(model, chance) for name, model in models.items()}
    following = FOLLOWING.get(stem)
    kinds = [*rewriting.KINDS, *notebooks.KINDS, *([FOLLOWS] if following else [])]
    for number in range(count):
        kind = kinds[number % len(kinds)]
        drawn = {name: each.next() for name, each in answers.items()}
        if following and kind == FOLLOWS:
            other = answers[following.builds_on].next_single()
            drawn[following.builds_on] = other
            drawn[following.exercise] = following.cell, other[1] & following.not_followed
        for name, model in models.items():
            builds_on = model.follow_through.names if model.follow_through else ()
            if kind != FOLLOWS and drawn[name][1] and any(drawn[other][1] for other in builds_on):
                # A wrong answer that follows from other wrong ones would rightly earn its points.
                for replaced in chance.choice(((name,), builds_on)):
                    drawn[replaced] = answers[replaced].next_right()
        yield _made(kind, drawn, chance)


def _made(
    kind: str, drawn: Mapping[str, tuple[str, frozenset[str]]], chance: random.Random
) -> Made:
    cells = {
        name: rewriting.rewritten(kind, source, name, chance) for name, (source, _) in drawn.items()
    }
    mistakes = {name: names for name, (_, names) in drawn.items()}
    return Made(kind, notebooks.arranged(kind, cells, chance), mistakes)


class _Answers:
    """Answers to one exercise: right ones, mistakes and pairs of them, each in turn."""

    def __init__(self, model: FaultModel, chance: random.Random) -> None:
        self._right = _endless([(equivalent_cell(model, each), frozenset[str]())
                                for each in model.equivalents], chance)  # fmt: skip
        sets = [[fault.name for fault in faults] for faults in model.combinations()]
        self._single = _endless([_wrong(model, names) for names in sets if len(names) == 1], chance)
        self._pair = _endless([_wrong(model, names) for names in sets if len(names) == 2], chance)
        self._chance = chance

    def next(self) -> tuple[str, frozenset[str]]:
        """Return a right answer as often as a wrong one; wrong ones have one mistake or two."""
        kind = self._chance.random()
        return next(self._right if kind < 0.5 else self._single if kind < 0.75 else self._pair)

    def next_right(self) -> tuple[str, frozenset[str]]:
        """Return a right answer."""
        return next(self._right)

    def next_single(self) -> tuple[str, frozenset[str]]:
        """Return an answer with one mistake."""
        return next(self._single)


def _wrong(model: FaultModel, names: list[str]) -> tuple[str, frozenset[str]]:
    return faulty_cell(model, names), model.diagnosis_of(names)


def _endless(
    answers: list[tuple[str, frozenset[str]]], chance: random.Random
) -> Iterator[tuple[str, frozenset[str]]]:
    while True:
        yield from chance.sample(answers, len(answers))
