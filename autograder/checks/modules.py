"""Make a learner's module and the reference's, with the same fresh weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from autograder.checks.compare import demand
from autograder.checks.draw import Draw


def same_weights(
    student: Callable[..., Any],
    reference: Callable[..., Any],
    draw: Draw,
    *arguments: Any,
    dtype: torch.dtype = torch.float32,
) -> tuple[Any, Any]:
    """Return both modules, made with ``arguments`` and loaded with the same drawn weights.

    Args:
        student: The learner's class.
        reference: The right one; its ``state_dict`` says which parameters there must be.
        draw: Where the weights are drawn from.
        arguments: What the modules are made with.
        dtype: Of the weights.

    Raises:
        Mismatch: If the learner's module lacks a parameter or has it in another shape.
    """
    ours = reference(*arguments).to(dtype)
    state = {
        name: draw.normal(*tensor.shape, dtype=dtype) / math.sqrt(_width(tensor))
        for name, tensor in ours.state_dict().items()
    }
    ours.load_state_dict(state)
    theirs = student(*arguments)
    if dtype != torch.float32:
        theirs = theirs.to(dtype)
    own = dict(theirs.state_dict())
    for name, tensor in state.items():
        demand(name in own, f"the module must have the parameter {name}; it is not in state_dict()")
        demand(
            own[name].shape == tensor.shape,
            f"{name} must have the shape {tuple(tensor.shape)}, got {tuple(own[name].shape)}",
        )
    theirs.load_state_dict(own | state)
    return theirs, ours


def _width(tensor: torch.Tensor) -> int:
    return tensor.shape[-1] if tensor.dim() > 1 else 1
