"""Give a wrong answer its name, or say nothing, and show the smallest case that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.faults.behavior import recorded
from autograder.faults.explain import explain
from autograder.faults.known import known_mistakes
from autograder.faults.matching import cluster_of, same_behavior
from autograder.faults.model import Fault, FaultModel, NamedBehavior
from autograder.faults.observe import Outcome, observe


@dataclass(frozen=True)
class Diagnosis:
    """What is known about a wrong answer.

    Attributes:
        faults: The mistakes that together reproduce the answer on every probe;
            empty if no known mistake does.
        counterexample: The smallest probe on which the answer departs from the
            correct one, in words; empty if it departs on none.
        cluster: Which behavior an answer without a name shows; empty if it has one.
        behavior: What such an answer does on each probe, as plain data; see
            `autograder.faults.behavior`.
        in_own_words: Whether the counterexample holds what the answer itself said. If not,
            it holds what the known mistake does, which is the same and nobody's secret.
    """

    faults: tuple[Fault | NamedBehavior, ...] = ()
    counterexample: str = ""
    cluster: str = ""
    behavior: list[dict[str, object]] = field(default_factory=list)
    in_own_words: bool = True


def diagnose(model: FaultModel, answer: Callable[..., Any]) -> Diagnosis:
    """Compare ``answer`` with every known mistake of ``model``.

    Singles come first, then pairs, then mistakes that are known by their behavior alone.
    ``answer`` is called once for each probe: a name must hold on all of them.

    Raises:
        Exception: Whatever says that the answer can no longer be called; see `observe`.
    """
    known = known_mistakes(model)
    tried = model.trial(answer)
    outcomes = [observe(tried, probe) for probe in model.probes]
    correct = known.correct()
    counterexample = _counterexample(model, correct, outcomes)
    if counterexample and (faults := known.explaining(outcomes, Outcome.equals)):
        made = [known.outcome(faults, index) for index in range(len(outcomes))]
        if any(outcome.error for outcome in made):
            return Diagnosis(faults, counterexample)  # two errors may say different things
        return Diagnosis(faults, _counterexample(model, correct, made), in_own_words=False)
    behavior = recorded(model.probes, outcomes, correct)
    for named in model.named:
        if same_behavior(named.behavior, behavior):
            return Diagnosis((named,), counterexample)
    return Diagnosis((), counterexample, cluster_of(model.exercise, behavior), behavior)


def _counterexample(
    model: FaultModel, correct: Sequence[Outcome], outcomes: Sequence[Outcome]
) -> str:
    for probe, expected, actual in zip(model.probes, correct, outcomes, strict=True):
        if not actual.equals(expected):
            return explain(
                model.exercise,
                probe,
                expected,
                actual,
                num_made_with=getattr(model.trial, "num_made_with", 0),
            )
    return ""
