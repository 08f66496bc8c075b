"""Answers that are altered: of a function what it returns, of a class what its modules return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograder.faults.model import Function

Alter = Callable[[Any, tuple[Any, ...]], Any]


def altered(answer: Function, alter: Alter, *, makes_modules: bool) -> Function:
    """Return an answer whose result, or whose module's, goes through ``alter`` with the arguments.

    A module stays what it is but for what a call returns: it has the same parameters.
    """
    if not makes_modules:
        return lambda *args: alter(answer(*args), args)

    def made(*args: Any) -> Any:
        module = answer(*args)
        forward = module.forward
        module.forward = lambda *inputs: alter(forward(*inputs), inputs)
        return module

    return made
