"""What a ValueError says, as a result that can be compared: which of the given numbers it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from autograder.faults.model import Function


def trial_of_refusals(answer: Function) -> Function:
    """Return ``answer`` as a function that gives a ValueError back as a text.

    For exercises whose contract says what is refused. Any other error stays an error.
    """
    return lambda *arguments: refused_or(answer, arguments)


def refused_or(function: Callable[..., Any], arguments: Sequence[object]) -> Any:
    """Return what ``function`` returns; if it raises a ValueError, which numbers that names.

    The words are the learner's own and do not count: the values that break the rule do.
    """
    try:
        return function(*arguments)
    except ValueError as error:
        if hasattr(error, "status"):
            raise
        said = {int(number) for number in re.findall(r"\d+", str(error))}
        named = sorted(said.intersection(_given(arguments)))
        return f"a ValueError that names {' and '.join(map(str, named)) or 'no value'}"


def _given(arguments: Sequence[object]) -> set[int]:
    """Return the integers among the arguments, and the widths of the tensors."""
    widths = {each.shape[-1] for each in arguments if isinstance(each, Tensor) and each.dim()}
    return widths | {each for each in arguments if type(each) is int}
