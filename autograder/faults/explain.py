"""Say in a few short lines where an answer departs from the correct one."""

from __future__ import annotations

import sys
from typing import TypeGuard

import torch
from torch import Tensor

from autograder.faults.model import Probe
from autograder.faults.observe import Outcome, equal_values
from autograder.plain_text import plain_text

# More numbers than this are not read: shapes and the first difference are shown instead.
MOST_NUMBERS = 12
MOST_AXES = 4


def explain(
    exercise: str, probe: Probe, expected: Outcome, actual: Outcome, *, num_made_with: int = 0
) -> str:
    """Return the case, the expected result and the actual one, as text in columns.

    Args:
        exercise: Name of the exercise.
        probe: The case.
        expected: What is right.
        actual: What the answer did.
        num_made_with: How many of the probe's arguments make an object of a class. They stand in
            the first line, as code that makes it.
    """
    arguments = list(probe.arguments.items())
    making = ", ".join(f"{name}={value}" for name, value in arguments[:num_made_with])
    called = f"{exercise}({making})" if making else exercise
    lines = [f"{called}, {probe.name}"]
    lines += [_line(name, value) for name, value in arguments[num_made_with:]]
    if making and len(arguments) > num_made_with:
        lines.append(_line("weights", "fixed numbers, the same in both"))
    lines += _difference(expected, actual)
    return plain_text("\n".join(lines))


def _difference(expected: Outcome, actual: Outcome) -> list[str]:
    if actual.error:
        return [_line("expected", expected.value), _line("yours", f"raised {actual.error}")]
    if not equal_values(expected.value, actual.value):
        return _different_values(expected.value, actual.value)
    if actual.changed - expected.changed:
        names = ", ".join(sorted(actual.changed))
        return [_line("expected", "the inputs as they were"), _line("yours", f"changed {names}")]
    return _different_gradients(expected.gradients, actual.gradients)


def _different_values(expected: object, actual: object) -> list[str]:
    if _are_words(expected) and _are_words(actual):
        return _different_words(expected, actual)
    if isinstance(expected, tuple) and isinstance(actual, tuple) and len(expected) == len(actual):
        return _different_parts(expected, actual)
    if (
        not isinstance(expected, Tensor)
        or not isinstance(actual, Tensor)
        or (expected.shape, expected.dtype) != (actual.shape, actual.dtype)
        or expected.numel() <= MOST_NUMBERS
    ):
        return [_line("expected", expected), _line("yours", actual)]
    index = _first_difference(expected, actual)
    at = "[" + ", ".join(map(str, index)) + "]"
    return [
        _line(f"expected{at}", _number(expected[index])),
        _line(f"yours{at}", _number(actual[index])),
    ]


def _are_words(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _different_words(expected: list[str], actual: list[str]) -> list[str]:
    """Return what one list holds and the other does not, such as names of parameters."""
    missing = [each for each in expected if each not in actual]
    others = [each for each in actual if each not in expected]
    return [
        _line("expected", ", ".join(missing) or "nothing more"),
        _line("yours", ", ".join(others) or "without them"),
    ]


def _different_parts(expected: tuple[object, ...], actual: tuple[object, ...]) -> list[str]:
    """Return where the first of several results differs."""
    for number, (wanted, got) in enumerate(zip(expected, actual, strict=True), start=1):
        if not equal_values(wanted, got):
            return [
                _line("result", f"{number} of {len(expected)}"),
                *_different_values(wanted, got),
            ]
    raise ValueError("the results are equal part by part")


def _different_gradients(
    expected: tuple[Tensor | None, ...], actual: tuple[Tensor | None, ...]
) -> list[str]:
    lines = []
    for position, (wanted, got) in enumerate(zip(expected, actual, strict=True), start=1):
        if equal_values(wanted, got):
            continue
        lines.append(_line("gradient", f"of floating-point input {position}"))
        if got is None:
            return [*lines, _line("expected", wanted), _line("yours", "no gradient arrives")]
        return [*lines, *_different_values(wanted, got)]
    return lines


def _first_difference(expected: Tensor, actual: Tensor) -> tuple[int, ...]:
    """Return the index of the first pair of elements that differ; NaN equals NaN."""
    flat = zip(expected.reshape(-1), actual.reshape(-1), strict=True)
    for position, (wanted, got) in enumerate(flat):
        if not equal_values(wanted, got):
            index = torch.unravel_index(torch.tensor(position), expected.shape)
            return tuple(int(each) for each in index)
    raise ValueError("the tensors are equal element by element")


def _line(name: str, value: object) -> str:
    return f"  {name:<11} {_text(value)}"


def _text(value: object) -> str:
    """Return a value in short. What a learner returned may be anything, and of any size."""
    if isinstance(value, Tensor):
        label = f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
        small = 0 < value.numel() <= MOST_NUMBERS and value.dim() <= MOST_AXES
        return f"{_nested(value)}  {label}" if small else label
    if _are_words(value) and value:
        return ", ".join(value)
    if isinstance(value, (tuple, list, dict, set)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) > sys.maxsize:
        return "a very large integer"
    if value is None or isinstance(value, (bool, int, float, str)):
        return str(value)
    return f"a value of type {type(value).__name__}"


def _nested(value: Tensor) -> str:
    if value.dim() == 0:
        return _number(value)
    return "[" + ", ".join(_nested(each) for each in value) + "]"


def _number(value: Tensor) -> str:
    item = value.item()
    return f"{item:.4g}" if isinstance(item, float) else str(item)
