"""Run a function on a probe and write down all that can be seen from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.faults.model import Probe
from autograder.faults.tolerances import TOLERANCES

# Probes are small, so a result with more elements than this is wrong, and might be
# meant to exhaust the grader's memory.
MOST_ELEMENTS = 100_000


@dataclass(frozen=True)
class Outcome:
    """What a call did.

    Attributes:
        value: What was returned; None if the call raised.
        gradients: Gradient for each differentiable input; None where there is none.
        changed: Names of the arguments that the call changed in place.
        error: What the call raised, as "TypeError: message"; empty if nothing. The kind
            and the message are the learner's words.
    """

    value: object = None
    gradients: tuple[Tensor | None, ...] = ()
    changed: frozenset[str] = frozenset()
    error: str = ""

    def equals(self, other: Outcome) -> bool:
        """Return whether both calls did the same; any two errors count as the same."""
        if self.error or other.error:
            return bool(self.error) == bool(other.error)
        return (
            self.changed == other.changed
            and equal_values(self.value, other.value)
            and len(self.gradients) == len(other.gradients)
            and all(map(equal_values, self.gradients, other.gradients))
        )


def observe(function: Callable[..., Any], probe: Probe) -> Outcome:
    """Call ``function`` with fresh copies of the probe's inputs and return what it did.

    An exception of the function is part of the outcome. An exception that says
    that the function can no longer be called at all (it has a ``status``) goes through.
    """
    leaves = {name: _copy(value, probe.gradients) for name, value in probe.arguments.items()}
    # What is passed is no leaf: torch refuses to change a leaf in place, and that
    # error would hide every other mistake.
    arguments = {
        name: value.clone() if isinstance(value, Tensor) else value
        for name, value in leaves.items()
    }
    try:
        # By position: a learner may have renamed the parameters.
        value = function(*arguments.values())
        gradients = _gradients(value, leaves) if probe.gradients else ()
    except Exception as error:
        if hasattr(error, "status"):
            raise
        return Outcome(error=_said(error))
    changed = frozenset(
        name for name, given in probe.arguments.items() if not _unchanged(given, arguments[name])
    )
    return Outcome(_detached(value), gradients, changed)


def _said(error: Exception) -> str:
    """Return an error as a learner knows it: one that crossed a sandbox has a ``kind``."""
    kind = getattr(error, "kind", type(error).__name__)
    return f"{kind}: {getattr(error, 'message', error)}"


def equal_values(first: object, second: object) -> bool:
    """Return whether two results are the same up to rounding; NaN equals NaN."""
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        if first.dtype != second.dtype or first.shape != second.shape:
            return False
        if not first.is_floating_point():
            return torch.equal(first, second)
        rtol, atol = TOLERANCES[str(first.dtype).removeprefix("torch.")]
        return torch.allclose(first, second, rtol=rtol, atol=atol, equal_nan=True)
    if isinstance(first, (tuple, list)) and isinstance(second, (tuple, list)):
        return (
            type(first) is type(second)
            and len(first) == len(second)
            and all(map(equal_values, first, second))
        )
    return type(first) is type(second) and bool(first == second)


def _copy(value: object, with_gradient: bool) -> object:
    if not isinstance(value, Tensor):
        return value
    return value.clone().requires_grad_(with_gradient and value.is_floating_point())


def _unchanged(given: object, after: object) -> bool:
    return not isinstance(given, Tensor) or (
        isinstance(after, Tensor) and torch.equal(given, after.detach())
    )


def _detached(value: object) -> object:
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, (tuple, list)):
        return type(value)(_detached(each) for each in value)
    return value


def _gradients(value: object, leaves: Mapping[str, object]) -> tuple[Tensor | None, ...]:
    """Return the gradients of a fixed, uneven sum of the result's elements."""
    inputs = [leaf for leaf in leaves.values() if isinstance(leaf, Tensor) and leaf.requires_grad]
    parts = value if isinstance(value, (tuple, list)) else [value]
    outputs = [part for part in parts if isinstance(part, Tensor) and part.requires_grad]
    if not outputs:
        return (None,) * len(inputs)
    if sum(output.numel() for output in outputs) > MOST_ELEMENTS:
        raise ValueError("the result is far larger than it should be")
    directions = [_direction(output) for output in outputs]
    return torch.autograd.grad(outputs, inputs, directions, allow_unused=True)


def _direction(output: Tensor) -> Tensor:
    """Return uneven numbers: equal ones would hide mistakes, as a softmax always sums to 1."""
    numbers = torch.linspace(-1, 1, output.numel(), dtype=torch.float64).sin()
    return numbers.to(output.dtype).reshape(output.shape)
