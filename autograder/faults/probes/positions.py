"""Inputs that tell the mistakes of the sheet `positions` apart, from the smallest up.

A probe with far positions is judged and not compared: see `trial_of_encodings`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from attnbook.positions import apply_rope, sinusoidal_encoding
from autograder.faults.model import Function, Probe
from autograder.faults.modules import numbers_for
from autograder.faults.refusals import refused_or

TABLE = "embedding.weight"
FAR = 100_000
# An encoding has a row for every position up to the last: fewer are as telling, and quick.
FAR_ROW = 20_000
# Rounding of a result in float32 or float64 stays below the first, angles in float32 below the
# second. How far exactly they are off depends on the order of operations, so it has no number.
EXACT, ROUGH = 1e-5, 2e-2


def _drawn(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return fixed numbers that look random; the seed is the shape, so probes never shift."""
    generator = torch.Generator().manual_seed(sum(n * 31**i for i, n in enumerate(shape)))
    return torch.randn(*shape, generator=generator).to(dtype)


def encoding_probes() -> tuple[Probe, ...]:
    """Return probes for a sinusoidal encoding."""
    sizes = ((2, 2), (2, 4), (3, 4), (3, 6), (4, 10), (3, 5))
    probes = [
        Probe(
            f"{positions} positions, width {width}", {"num_positions": positions, "d_model": width}
        )
        for positions, width in sizes
    ]
    far = {"num_positions": FAR_ROW + 1, "d_model": 10}
    return (*probes, Probe("position 20,000", far))


def shift_probes() -> tuple[Probe, ...]:
    """Return probes for a shift matrix."""
    cases = ((1, 2), (1, 4), (3, 4), (-2, 4), (5, 6), (1, 5))
    return tuple(
        Probe(f"offset {offset}, width {width}", {"offset": offset, "d_model": width})
        for offset, width in cases
    )


def table_probes() -> tuple[Probe, ...]:
    """Return probes for learned positions."""
    made = {"max_len": 5, "d_model": 2}
    one = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    return (
        Probe("its parameters", {"max_len": 7, "d_model": 3}),
        Probe("one sequence of 2", made | {"x": one}),
        Probe("3 sequences of 4, gradients", made | {"x": _drawn(3, 4, 2)}, gradients=True),
        Probe("as long as the table", made | {"x": _drawn(2, 5, 2)}),
        Probe("longer than the table", made | {"x": _drawn(2, 7, 2)}),
    )


def rope_probes() -> tuple[Probe, ...]:
    """Return probes for rotary positions."""
    one = torch.tensor([[1.0, 2.0, 3.0, 5.0]])
    two = torch.tensor([[1.0, 2.0, 3.0, 5.0], [0.0, 1.0, 1.0, 0.0]])
    several, places = _drawn(2, 3, 5, 6), torch.tensor([0, 2, 3, 9, 4])
    far = torch.tensor([FAR - 1, FAR])
    return (
        Probe("one row at position 1", {"x": one, "positions": torch.tensor([1])}),
        Probe("one row at position 3", {"x": one, "positions": torch.tensor([3])}),
        Probe("base 100", {"x": two, "positions": torch.tensor([2, 3]), "base": 100.0}),
        Probe("float16", {"x": one.half(), "positions": torch.tensor([2])}),
        Probe("bfloat16", {"x": one.bfloat16(), "positions": torch.tensor([2])}),
        Probe("an odd width", {"x": one[:, :3], "positions": torch.tensor([1])}),
        Probe("a batch of 2, 3 heads", {"x": several, "positions": places}, gradients=True),
        Probe("position 100,000 in float64", {"x": _drawn(2, 10).double(), "positions": far}),
    )


def alibi_probes() -> tuple[Probe, ...]:
    """Return probes for linear biases."""
    sizes = ((1, 2, 2), (2, 2, 2), (2, 1, 3), (3, 2, 4), (8, 3, 5))
    return tuple(
        Probe(
            f"{heads} heads, {queries} queries, {keys} keys",
            {"num_heads": heads, "num_queries": queries, "num_keys": keys},
        )
        for heads, queries, keys in sizes
    )


def trial_of_encodings(answer: Function) -> Function:
    """Return ``answer`` as a function that tells of refusals, and of far positions in words."""

    def used(num_positions: int, d_model: int) -> Any:
        result = refused_or(answer, (num_positions, d_model))
        if num_positions < FAR_ROW:
            return result
        return _judged(result, _far_encoding(num_positions, d_model), rows=slice(-10, None))

    return used


@cache
def _far_encoding(num_positions: int, d_model: int) -> Tensor:
    return sinusoidal_encoding(num_positions, d_model)


def trial_of_turns(answer: Function) -> Function:
    """Return ``answer`` as a function that tells of refusals, and of far positions in words."""

    def used(x: Tensor, positions: Tensor, *base: float) -> Any:
        if int(positions.max()) < FAR:
            return refused_or(answer, (x, positions, *base))
        exact = apply_rope(x, positions, *base)  # before the answer can change x
        return _judged(refused_or(answer, (x, positions, *base)), exact, rows=slice(None))

    return used


def _judged(result: object, exact: Tensor, rows: slice) -> object:
    """Return in words how near a result comes to the exact one."""
    if not isinstance(result, Tensor):
        return result
    if result.shape != exact.shape:
        return "another shape at the far positions"
    apart = (result.detach()[rows].double() - exact[rows].double()).abs().max().item()
    # A comparison with NaN is false.
    if apart <= EXACT:
        return "exact at the far positions"
    return f"off by up to {ROUGH} at the far positions" if apart <= ROUGH else "far off"


class TrialOfTables:
    """Makes of a class with a table of positions the function that probes call.

    It returns the output and the gradient that reaches the table. A probe without an input
    asks for the parameters and their shapes.
    """

    num_made_with = 2
    parameters = (TABLE,)

    def __call__(self, answer: Function) -> Callable[..., Any]:
        """Return a function that makes a module and uses it."""

        def used(max_len: int, d_model: int, x: Tensor | None = None) -> Any:
            module = answer(max_len, d_model)
            state = dict(module.state_dict())
            if x is None:
                return [f"{name} {tuple(state[name].shape)}" for name in state if name == TABLE]
            module.load_state_dict({name: numbers_for(name, state[name]) for name in state})
            output = refused_or(lambda *_: module(x), (x.shape[1], max_len))
            if not isinstance(output, Tensor):
                return output
            return output, _gradient_of_table(module, output)

        return used


def _gradient_of_table(module: Any, output: Tensor) -> Tensor | None:
    if not output.requires_grad:
        return None
    uneven = torch.linspace(-1, 1, output.numel()).sin().reshape(output.shape)
    (output * uneven).sum().backward(retain_graph=True)
    table = dict(module.named_parameters()).get(TABLE)
    return None if table is None else table.grad
