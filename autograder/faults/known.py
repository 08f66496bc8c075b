"""What the known mistakes of an exercise do on its probes, and which of them does what was seen.

A grading lane lives for minutes, so nothing is worked out before an answer needs it: all
single mistakes are tried before any pair, and only what agrees on one probe is run on the next.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor

from autograder.faults.model import Fault, FaultModel
from autograder.faults.observe import Outcome, observe

Seen = TypeVar("Seen")
Faults = tuple[Fault, ...]


class KnownMistakes:
    """The outcomes of one model's faults, each worked out once.

    Faults that do the same on a probe, bit for bit, share one `Outcome` object, so that what
    was seen is compared with ten or so in place of hundreds.
    """

    def __init__(self, model: FaultModel) -> None:
        combinations = list(model.combinations())
        self._model = model
        self._singles = [faults for faults in combinations if len(faults) == 1]
        self._pairs = [faults for faults in combinations if len(faults) > 1]
        self._outcomes: dict[tuple[Faults, int], Outcome] = {}
        self._distinct: dict[tuple[int, Hashable], Outcome] = {}

    def correct(self) -> list[Outcome]:
        """Return what is right, for each probe."""
        return [self.outcome((), index) for index in range(len(self._model.probes))]

    def outcome(self, faults: Faults, index: int) -> Outcome:
        """Return what an implementation with these faults does on one probe."""
        known = self._outcomes.get((faults, index))
        if known is None:
            answer = self._model.faulty(fault.name for fault in faults)
            function = self._model.trial(answer)
            known = observe(function, self._model.probes[index])
            known = self._distinct.setdefault((index, _bits(known)), known)
            self._outcomes[faults, index] = known
        return known

    def explaining(self, seen: Sequence[Seen], agrees: Callable[[Outcome, Seen], bool]) -> Faults:
        """Return the first faults, singles before pairs, that agree with what was seen.

        Args:
            seen: What an answer did, for each probe.
            agrees: Whether an outcome is the same as what was seen.

        Returns:
            The faults; empty if none agree on every probe.
        """
        for candidates in (self._singles, self._pairs):
            left = candidates
            for index, one in enumerate(seen):
                left = self._agreeing(left, index, one, agrees)
            if left:
                return left[0]
        return ()

    def _agreeing(
        self,
        candidates: Iterable[Faults],
        index: int,
        seen: Seen,
        agrees: Callable[[Outcome, Seen], bool],
    ) -> list[Faults]:
        verdicts: dict[int, bool] = {}
        kept = []
        for faults in candidates:
            outcome = self.outcome(faults, index)
            if id(outcome) not in verdicts:
                verdicts[id(outcome)] = agrees(outcome, seen)
            if verdicts[id(outcome)]:
                kept.append(faults)
        return kept


@cache
def known_mistakes(model: FaultModel) -> KnownMistakes:
    """Return the outcomes of a model's faults, shared by all that ask in this process."""
    return KnownMistakes(model)


def _bits(outcome: Outcome) -> Hashable:
    """Return what two outcomes have in common only if nothing can tell them apart."""
    if outcome.error:
        return "an error"  # any two errors count as the same
    gradients = tuple(map(_value_bits, outcome.gradients))
    return (_value_bits(outcome.value), gradients, outcome.changed)


def _value_bits(value: object) -> Hashable:
    if isinstance(value, Tensor):
        data = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        return (str(value.dtype), tuple(value.shape), data)
    if isinstance(value, (tuple, list)):
        return (type(value), *map(_value_bits, value))
    if value is None or isinstance(value, (bool, int, float, str)):
        return (type(value), repr(value))
    return id(value)
