"""Demand what every right function does: gradients, inputs left as they were, clear refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.checks.compare import Mismatch, demand, same_tensor


def copies(*values: Any) -> list[Any]:
    """Return copies of the tensors, so that what a function changes is not compared with later."""
    return [value.clone() if isinstance(value, Tensor) else value for value in values]


def same_gradients(
    theirs: Callable[..., Any],
    ours: Callable[..., Tensor],
    inputs: Sequence[Tensor],
    *others: Any,
) -> None:
    """Demand that the results, and the gradients of an uneven sum of them, are the same.

    Args:
        theirs: The learner's function.
        ours: The right one, through which a gradient reaches every input.
        inputs: What gradients are wanted for.
        others: What both are called with after the inputs.

    Raises:
        Mismatch: With the first thing that differs.
    """
    expected, wanted = _with_gradients(ours, inputs, others)
    _, found = _with_gradients(theirs, inputs, others, like=expected)
    for number, (gradient, right) in enumerate(zip(found, wanted, strict=True), start=1):
        assert right is not None, "the reference has a gradient for every input"
        what = f"the gradient of input {number}"
        demand(gradient is not None, f"{what} must exist, but the graph is cut")
        same_tensor(gradient, right, what=what)


def right_and_left_alone(
    theirs: Callable[..., Any],
    ours: Callable[..., Tensor],
    given: Mapping[str, Tensor],
    *others: Any,
    what: str = "the result",
) -> None:
    """Demand that a result is right and that no input was changed in place.

    Args:
        theirs: The learner's function.
        ours: The right one.
        given: The inputs, in order, by their names.
        others: What both are called with after the inputs.
        what: What the result is called.

    Raises:
        Mismatch: With the first thing that differs.
    """
    before = copies(*given.values())
    same_tensor(theirs(*given.values(), *others), ours(*copies(*before), *others), what=what)
    left_alone(list(given), list(given.values()), before)


def left_alone(names: Sequence[str], given: Sequence[Tensor], before: Sequence[Tensor]) -> None:
    """Demand that no input, each with its name, was changed in place."""
    for name, after, was in zip(names, given, before, strict=True):
        demand(torch.equal(after, was), f"{name} was changed in place")


def refused(call: Callable[[], object], *, rule: str = "", **values: int) -> None:
    """Demand that a call raises a ValueError that says the values which break the rule.

    Args:
        call: What must be refused.
        rule: The rule, for a learner whose function refuses nothing.
        values: The values, by the names of what they are.

    Raises:
        Mismatch: If nothing or something else is raised, or a value is not said.
    """
    given = " and ".join(f"{name}={value}" for name, value in values.items())
    wanted = f"{given} must raise a ValueError" + (f" ({rule})" if rule else "")
    try:
        call()
    except ValueError as error:
        if hasattr(error, "status"):
            raise
        said = str(error)
        unsaid = [f"{name}={value}" for name, value in values.items() if str(value) not in said]
        demand(not unsaid, f"the error must say {' and '.join(unsaid)}, got: {error}")
        return
    except Exception as error:
        if hasattr(error, "status"):
            raise
        raise Mismatch(f"{wanted}, got {getattr(error, 'kind', type(error).__name__)}") from None
    raise Mismatch(f"{wanted}, and nothing was raised")


def _with_gradients(
    function: Callable[..., Any],
    inputs: Sequence[Tensor],
    others: Sequence[Any],
    like: Tensor | None = None,
) -> tuple[Tensor, tuple[Tensor | None, ...]]:
    """Return a result and the gradients of its inputs; the result must be ``like``."""
    leaves = [each.clone().requires_grad_() for each in inputs]
    result = function(*copies(*leaves, *others))
    if like is not None:
        same_tensor(result, like)
        demand(result.requires_grad, "the result must have a gradient, but the graph is cut")
    uneven = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).sin().reshape(result.shape)
    return result, torch.autograd.grad(result, leaves, uneven, allow_unused=True)
