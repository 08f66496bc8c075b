"""Whether two recorded behaviors are the same, and an identifier that equal ones share.

Without torch: the process that hands out notebooks and puts the class together has none.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from autograder.faults.tolerances import TOLERANCES

_EXACT = (0.0, 0.0)
_TOLERANCES = {
    **TOLERANCES,
    "float": TOLERANCES["float64"],
    "complex64": TOLERANCES["float32"],
    "complex128": TOLERANCES["float64"],
}
SHORT = ("float16", "bfloat16")

# The intervals of the grid, as factors: much wider than rounding, so that a border is seldom
# between two roundings of one number. 16 bits round a thousand times more coarsely.
FACTOR = 1.25
FACTOR_OF_HALF = 2.0
# Where the borders lie: away from numbers that answers often hold, such as 1/2, 1/3 and 1/8.
SHIFT = 0.53
# What is this near to 0, in absolute tolerances, counts as 0.
NEAR_ZERO = 3.0


def same_behavior(
    first: Sequence[Mapping[str, object]], second: Sequence[Mapping[str, object]]
) -> bool:
    """Return whether two behaviors are the same up to the tolerances of results."""
    return len(first) == len(second) and all(map(same_record, first, second))


def same_record(first: Mapping[str, object], second: Mapping[str, object]) -> bool:
    """Return whether two answers did the same on one probe, as `same_behavior`."""
    return _same(dict(first), dict(second), *_EXACT)


def cluster_of(exercise: str, behavior: Sequence[Mapping[str, object]]) -> str:
    """Return 12 hexadecimal digits that answers share if they do the same on every probe.

    Each number counts as the interval of a coarse grid that it lies in. Numbers that differ by
    rounding may lie on two sides of a border, so one behavior can have several identifiers:
    `autograder.faults.clusters` joins them by comparing with tolerances.
    """
    coarse = _coarse(list(behavior), "")
    content = msgspec.json.encode([exercise, coarse], order="sorted")
    return hashlib.sha256(content).hexdigest()[:12]


def level(behavior: Sequence[Mapping[str, object]]) -> tuple[float, float]:
    """Return the mean of a behavior's numbers, and how far that of the same one can be from it."""
    numbers = list(_numbers(list(behavior), ""))
    if not numbers:
        return 0.0, 0.0
    mean, size = sum(numbers) / len(numbers), sum(map(abs, numbers)) / len(numbers)
    rtol, atol = TOLERANCES["float32"]
    # What bounds one pair of numbers bounds the mean; thrice, as the bound is the larger one's.
    return mean, 3 * (rtol * size + atol)


def _numbers(value: object, kind: str) -> Iterator[float]:
    """Yield the numbers in a record; not those of 16 bits, whose tolerances are wide."""
    if isinstance(value, dict):
        kind = str(value.get("type", kind))
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each, kind)
    elif isinstance(value, float) and kind not in SHORT:
        yield value


def _same(first: object, second: object, rtol: float, atol: float) -> bool:
    if isinstance(first, dict) and isinstance(second, dict):
        rtol, atol = _TOLERANCES.get(str(first.get("type")), _EXACT)
        return first.keys() == second.keys() and all(
            _same(value, second[key], rtol, atol) for key, value in first.items()
        )
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(
            _same(one, other, rtol, atol) for one, other in zip(first, second, strict=True)
        )
    if isinstance(first, float) and isinstance(second, float):
        return abs(first - second) <= atol + rtol * max(abs(first), abs(second))
    return first == second


def _coarse(value: object, kind: str) -> object:
    if isinstance(value, dict):
        kind = str(value.get("type", kind))
        return {key: _coarse(each, kind) for key, each in value.items()}
    if isinstance(value, list):
        return [_coarse(each, kind) for each in value]
    return _interval(value, kind) if isinstance(value, float) else value


def _interval(number: float, kind: str) -> int:
    """Return which interval of the grid a number lies in: 0 around zero, negative below it."""
    _, atol = _TOLERANCES.get(kind, _EXACT)
    if abs(number) <= NEAR_ZERO * atol:
        return 0
    factor = FACTOR_OF_HALF if kind in SHORT else FACTOR
    # Counted from the smallest double, so that the number of an interval is never 0 or less.
    place = math.floor(math.log(abs(number), factor) + SHIFT) + round(750 / math.log(factor))
    return place if number > 0 else -place
