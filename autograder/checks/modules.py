"""Make a learner's module and the reference's, with the same fresh weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from autograder.checks.compare import Mismatch, demand, same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import copies


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
    own = _state(theirs)
    for name, tensor in state.items():
        demand(
            name in own,
            f"the module must have the parameter {name}: assign it in __init__ as an attribute of "
            f"self under the name {name.partition('.')[0]}, and not inside a list or a dictionary",
        )
        demand(
            own[name].shape == tensor.shape,
            f"{name} must have the shape {tuple(tensor.shape)}, got {tuple(own[name].shape)}",
        )
    if dtype != torch.float32:
        theirs = theirs.to(dtype)
    theirs.load_state_dict(own | state)
    return theirs, ours


def same_output(theirs: Any, ours: Any, *inputs: Tensor | None) -> None:
    """Demand that both modules return the same."""
    with torch.no_grad():
        expected = ours(*inputs)
        same_tensor(theirs(*copies(*inputs)), expected, what="the output")


def same_gradients_of_parameters(
    theirs: Any, ours: Any, inputs: Sequence[Tensor | None], names: Sequence[str]
) -> None:
    """Demand that an uneven sum of what both modules return has the same gradients.

    Args:
        theirs: The learner's module, whose parameters have no gradients yet.
        ours: The right one, with the same weights.
        inputs: What both are called with.
        names: The parameters to look at, as "layer.weight".

    Raises:
        Mismatch: With the first parameter whose gradient is missing or wrong.
    """
    expected = ours(*inputs)
    uneven = torch.linspace(-1, 1, expected.numel()).sin().reshape(expected.shape)
    (expected * uneven).sum().backward()
    result = theirs(*copies(*inputs))
    same_tensor(result, expected)
    demand(result.requires_grad, "the result must have a gradient, but the graph is cut")
    (result * uneven).sum().backward()
    for name in names:
        wanted, got = _attribute(ours, name).grad, _attribute(theirs, name).grad
        demand(got is not None, f"{name} must get a gradient, but the graph is cut")
        same_tensor(got, wanted, what=f"the gradient of {name}")


def _state(module: Any) -> dict[str, Tensor]:
    try:
        return dict(module.state_dict())
    except AttributeError:
        raise Mismatch(
            "the class must derive from nn.Module and call super().__init__() first: what it makes "
            "has no state_dict()"
        ) from None


def _attribute(module: Any, name: str) -> Any:
    return reduce(getattr, name.split("."), module)


def _width(tensor: Tensor) -> int:
    return tensor.shape[-1] if tensor.dim() > 1 else 1
