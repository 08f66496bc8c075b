"""Give a wrong answer its name, or say nothing, and show the smallest case that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from autograder.faults.explain import explain
from autograder.faults.model import Fault, FaultModel
from autograder.faults.observe import Outcome, observe


@dataclass(frozen=True)
class Diagnosis:
    """What is known about a wrong answer.

    Attributes:
        faults: The mistakes that together reproduce the answer on every probe;
            empty if no known mistake does.
        counterexample: The smallest probe on which the answer departs from the
            correct one, in words; empty if it departs on none.
    """

    faults: tuple[Fault, ...] = ()
    counterexample: str = ""


def diagnose(model: FaultModel, answer: Callable[..., Any]) -> Diagnosis:
    """Compare ``answer`` with every known mistake of ``model``: singles first, then pairs.

    Raises:
        Exception: Whatever says that the answer can no longer be called; see `observe`.
    """
    outcomes = tuple(observe(answer, probe) for probe in model.probes)
    for index, probe in enumerate(model.probes):
        expected = _outcome(model, (), index)
        if not outcomes[index].equals(expected):
            counterexample = explain(model.exercise, probe, expected, outcomes[index])
            break
    else:
        return Diagnosis()
    for faults in model.combinations():
        if _matches(model, faults, outcomes):
            return Diagnosis(faults, counterexample)
    return Diagnosis((), counterexample)


def _matches(model: FaultModel, faults: tuple[Fault, ...], outcomes: tuple[Outcome, ...]) -> bool:
    names = tuple(fault.name for fault in faults)
    return all(
        _outcome(model, names, index).equals(outcome) for index, outcome in enumerate(outcomes)
    )


@cache
def _outcome(model: FaultModel, names: tuple[str, ...], index: int) -> Outcome:
    """Return what the faulty implementation does on one probe; worked out once per process."""
    return observe(model.faulty(names), model.probes[index])
