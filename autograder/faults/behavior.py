"""What an answer does on the probes, as plain data that can be kept, compared and shown.

A behavior is a list with one record for each probe::

    {"probe": "a mask", "inputs": "9f1c02ab", "value": {"type": "float32", "shape": [2, 3],
     "numbers": [0.33, …]}, "gradients": [...], "changed": ["query"]}

or, if the call raised, ``{"probe": …, "inputs": …, "error": "TypeError"}``. ``inputs`` is a
digest of what the probe hands in, so that a behavior is never compared across other inputs.
Numbers are rounded to what the tolerances can see; what JSON cannot hold is
the text "nan", "inf" or "-inf". `autograder.faults.matching` compares behaviors.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from autograder.faults.model import Probe
from autograder.faults.observe import Outcome
from autograder.plain_text import plain_text, printable

Behavior = list[dict[str, object]]

# An answer may be larger than what is right, and is recorded up to this many times the
# size: enough for a tuple of output and weights, too little to fill anybody's disk.
MOST_TIMES = 4
MOST_BESIDES = 64
# How many numbers take as much room as the kind of a value.
NODE = 5
MOST_LETTERS = 60
MOST_DEPTH = 6
DIGITS = 6
DIGITS_OF_DOUBLE = 10
# What the observation of a probe means: a new number makes every recorded behavior outdated.
FORMAT = 1


def recorded(
    probes: Iterable[Probe], outcomes: Iterable[Outcome], correct: Iterable[Outcome]
) -> Behavior:
    """Return the behavior that ``outcomes`` show.

    Args:
        probes: The probes.
        outcomes: What an answer did on each.
        correct: What is right, which says how much of the answer is recorded.
    """
    return [
        {"probe": probe.name, "inputs": inputs_digest(probe)} | _record(outcome, right)
        for probe, outcome, right in zip(probes, outcomes, correct, strict=True)
    ]


def inputs_digest(probe: Probe) -> str:
    """Return eight hexadecimal digits that change with anything that the probe hands in."""
    digest = hashlib.sha256(f"{FORMAT} {probe.gradients}".encode())
    for name, value in probe.arguments.items():
        digest.update(name.encode())
        if isinstance(value, Tensor):
            digest.update(f"{value.dtype} {tuple(value.shape)}".encode())
            digest.update(repr(value.flatten().tolist()).encode())
        else:
            digest.update(repr(value).encode())
    return digest.hexdigest()[:8]


class _Recorder:
    """Turns what a call returned into plain data, up to a number of elements."""

    def __init__(self, most: int) -> None:
        self._left = most

    def record(self, value: object, depth: int = 0) -> dict[str, object]:
        self._left -= NODE
        if isinstance(value, Tensor):
            return self._tensor(value)
        kind = type(value).__name__
        if isinstance(value, (tuple, list)) and depth < MOST_DEPTH:
            some = itertools.takewhile(lambda each: self._left > 0, value)
            items = [self.record(each, depth + 1) for each in some]
            return {"type": kind, "length": len(value), "items": items}
        if value is None or isinstance(value, (bool, int)):
            small = value is None or abs(value) < 2**53
            return {"type": kind, "is": value if small else "a very large integer"}
        if isinstance(value, float):
            return {"type": kind, "is": _number(value, DIGITS_OF_DOUBLE)}
        if isinstance(value, str):
            return {"type": kind, "is": plain_text(value, MOST_LETTERS)}
        return {"type": printable(kind)[:MOST_LETTERS]}

    def _tensor(self, value: Tensor) -> dict[str, object]:
        kind = str(value.dtype).removeprefix("torch.")
        first = _first_elements(value, max(self._left, 0))
        self._left -= len(first)
        digits = DIGITS_OF_DOUBLE if kind in ("float64", "complex128") else DIGITS
        numbers = [_number(each, digits) for each in first]
        return {"type": kind, "shape": list(value.shape), "numbers": numbers}


def _record(outcome: Outcome, right: Outcome) -> dict[str, object]:
    if outcome.error:
        return {"error": printable(outcome.error.partition(":")[0])[:MOST_LETTERS]}
    recorder = _Recorder(MOST_TIMES * _size(right) + MOST_BESIDES)
    record: dict[str, object] = {"value": recorder.record(outcome.value)}
    if outcome.gradients:
        record["gradients"] = [recorder.record(each) for each in outcome.gradients]
    if outcome.changed:
        record["changed"] = sorted(outcome.changed)
    return record


def _size(outcome: Outcome) -> int:
    values = (outcome.value, *outcome.gradients)
    return sum(value.numel() for value in values if isinstance(value, Tensor))


def _first_elements(value: Tensor, most: int) -> list[Any]:
    """Return up to ``most`` elements in order, without a copy of what may be very large."""
    if most == 0 or value.layout is not torch.strided:
        return []
    while value.numel() > most and value.dim() > 1 and value[0].numel() >= most:
        value = value[0]
    if value.numel() > most:
        value = value[: -(-most * len(value) // value.numel())]
    if value.is_complex():
        value = torch.view_as_real(value)
    elif value.dtype == torch.bool:
        value = value.to(torch.uint8)
    elif value.is_floating_point():
        value = value.double()
    elements: list[Any] = value.flatten().tolist()
    return elements[:most]


def _number(value: float, digits: int) -> float | int | str:
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        return str(value)
    return float(f"{value:.{digits}g}") + 0.0  # no negative zero
