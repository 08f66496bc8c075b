"""Try a learner's class on a probe: make an object, give it weights, call it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor

from autograder.faults.model import Function


def trial_of_modules(
    num_made_with: int, parameters: Collection[str]
) -> Callable[[Function], Function]:
    """Return the trial of an exercise whose answer is a class of modules.

    A probe's first arguments make the module and the others are passed to it. A probe
    without others asks for the names of the parameters and their shapes.

    Args:
        num_made_with: How many arguments make the module.
        parameters: Names that its ``state_dict`` must hold. A module may hold more.
    """

    def trial(answer: Function) -> Function:
        def used(*arguments: Any) -> Any:
            module = answer(*arguments[:num_made_with])
            state = dict(module.state_dict())
            if len(arguments) == num_made_with:
                return [f"{name} {tuple(state[name].shape)}" for name in sorted(state)]
            missing = sorted(set(parameters) - set(state))
            if missing:
                raise AttributeError(f"the module has no parameter {missing[0]}")
            module.load_state_dict({name: numbers_for(name, state[name]) for name in state})
            return module(*arguments[num_made_with:])

        return used

    return trial


def numbers_for(name: str, like: Tensor) -> Tensor:
    """Return numbers that follow from a parameter's name, shape and dtype alone.

    Like those of a fresh layer they keep the size of what passes through.
    """
    if not like.is_floating_point():
        return like
    generator = torch.Generator().manual_seed(zlib.crc32(f"{name} {tuple(like.shape)}".encode()))
    width = like.shape[-1] if like.dim() > 1 else 1
    numbers = torch.randn(like.shape, generator=generator, dtype=torch.float64)
    return (numbers / math.sqrt(max(width, 1))).to(like.dtype)
