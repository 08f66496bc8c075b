"""Try a learner's class on a probe: make an object, give it weights, call it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from autograder.faults.model import Function
from autograder.faults.refusals import refused_or


@dataclass(frozen=True)
class TrialOfModules:
    """Makes of a class of modules the function that probes call.

    Attributes:
        num_made_with: How many of a probe's arguments make the module.
        parameters: Names that the module's ``state_dict`` must hold.
    """

    num_made_with: int
    parameters: tuple[str, ...]

    def __call__(self, answer: Function) -> Function:
        """Return a function that makes a module and uses it.

        A ValueError of the constructor is given back as a text; see `refused_or`.
        """

        def used(*arguments: Any) -> Any:
            module = refused_or(answer, arguments[: self.num_made_with])
            if isinstance(module, str):
                return module
            state = state_of(module)
            if len(arguments) == self.num_made_with:
                names = sorted(set(state).intersection(self.parameters))
                return [f"{name} {tuple(state[name].shape)}" for name in names]
            missing = [name for name in self.parameters if name not in state]
            if missing:
                raise AttributeError(no_such_parameter(missing[0]))
            module.load_state_dict({name: numbers_for(name, state[name]) for name in state})
            return module(*arguments[self.num_made_with :])

        return used


def trial_of_modules(num_made_with: int, parameters: Collection[str]) -> TrialOfModules:
    """Return the trial of an exercise whose answer is a class of modules.

    A probe's first arguments make the module and the others are passed to it. A probe
    without others asks for the names of the parameters and their shapes.

    Args:
        num_made_with: How many arguments make the module.
        parameters: Names that its ``state_dict`` must hold. A module may hold more.
    """
    return TrialOfModules(num_made_with, tuple(parameters))


def state_of(module: Any) -> Mapping[str, Tensor]:
    """Return a module's parameters and buffers by name.

    Raises:
        TypeError: If it is no module; the message gives the rule.
    """
    try:
        return dict(module.state_dict())
    except AttributeError:
        raise TypeError(
            "the class must derive from nn.Module and call super().__init__() first: "
            "what it makes has no state_dict()"
        ) from None


def no_such_parameter(name: str) -> str:
    """Return what a learner reads whose module lacks a parameter: the rule, and what is missing."""
    layer, _, _ = name.rpartition(".")
    rule = (
        f"a layer must be an attribute, as in self.{layer} = nn.…"
        if layer
        else (f"it must be an attribute, as in self.{name} = nn.Parameter(…)")
    )
    return f"the module has no parameter {name}: {rule}"


def numbers_for(name: str, like: Tensor) -> Tensor:
    """Return numbers that follow from a parameter's name, shape and dtype alone.

    Like those of a fresh layer they keep the size of what passes through.
    """
    return _numbers(name, like.shape, like.dtype) if like.is_floating_point() else like


@lru_cache(maxsize=1024)
def _numbers(name: str, shape: torch.Size, dtype: torch.dtype) -> Tensor:
    # Kept, for every answer gets the same ones; loading copies them.
    generator = torch.Generator().manual_seed(zlib.crc32(f"{name} {tuple(shape)}".encode()))
    width = shape[-1] if len(shape) > 1 else 1
    numbers = torch.randn(shape, generator=generator, dtype=torch.float64)
    return (numbers / math.sqrt(max(width, 1))).to(dtype)
