"""Two modules with the same weights, and what is said when the learner's cannot have them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.checks.compare import Mismatch
from autograder.checks.draw import Draw
from autograder.checks.modules import same_gradients_of_parameters, same_weights


class Gate(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.map = nn.Linear(width, width, bias=False)
        self.level = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        gated: Tensor = x * (self.map(x) + self.level).sigmoid()
        return gated


class WithMore(Gate):
    """Holds a buffer and a parameter that nobody asked for."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.extra = nn.Parameter(torch.full((3,), 5.0))
        self.register_buffer("count", torch.tensor(7))


class WithoutLevel(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.map = nn.Linear(width, width, bias=False)


class Narrow(Gate):
    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.map = nn.Linear(width, width + 1, bias=False)


class NoModule:
    def __init__(self, width: int) -> None:
        self.width = width


def drawn() -> Draw:
    return Draw(3, "a check")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_both_modules_compute_the_same_in_the_dtype_that_is_asked_for(dtype: torch.dtype) -> None:
    theirs, ours = same_weights(Gate, Gate, drawn(), 5, dtype=dtype)
    x = torch.ones(2, 5, dtype=dtype)
    assert theirs is not ours
    assert torch.equal(theirs(x), ours(x))
    assert theirs(x).dtype == dtype
    assert ours.level.abs().min() > 0, "parameters that begin at 0 are drawn as well"


def test_the_weights_are_other_ones_for_another_seed() -> None:
    first, _ = same_weights(Gate, Gate, drawn(), 5)
    second, _ = same_weights(Gate, Gate, Draw(4, "a check"), 5)
    assert not torch.equal(first.map.weight, second.map.weight)


def test_a_module_may_hold_more_than_the_reference() -> None:
    theirs, _ = same_weights(WithMore, Gate, drawn(), 5)
    assert theirs.count == 7
    assert torch.equal(theirs.extra, torch.full((3,), 5.0))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (WithoutLevel, "the module must have the parameter level: assign it in __init__"),
        (Narrow, r"map.weight must have the shape \(5, 5\), got \(6, 5\)"),
        (NoModule, "must derive from nn.Module and call super"),
        (lambda width: None, "must derive from nn.Module and call super"),
        (torch.zeros, "must derive from nn.Module and call super"),
    ],
)
def test_a_module_that_cannot_have_the_weights_is_told_the_rule(wrong: Any, message: str) -> None:
    with pytest.raises(Mismatch, match=message):
        same_weights(wrong, Gate, drawn(), 5)


def test_gradients_that_reach_every_parameter_pass() -> None:
    theirs, ours = same_weights(WithMore, Gate, drawn(), 5)
    same_gradients_of_parameters(theirs, ours, [torch.randn(2, 5)], ["map.weight", "level"])


def test_a_parameter_without_a_gradient_is_named() -> None:
    class Detached(Gate):
        def forward(self, x: Tensor) -> Tensor:
            gated: Tensor = x * (self.map(x) + self.level.detach()).sigmoid()
            return gated

    theirs, ours = same_weights(Detached, Gate, drawn(), 5)
    with pytest.raises(Mismatch, match="level must get a gradient, but the graph is cut"):
        same_gradients_of_parameters(theirs, ours, [torch.randn(2, 5)], ["map.weight", "level"])


def test_a_result_without_a_graph_is_named() -> None:
    class Cut(Gate):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).detach()

    theirs, ours = same_weights(Cut, Gate, drawn(), 5)
    with pytest.raises(Mismatch, match="the result must have a gradient, but the graph is cut"):
        same_gradients_of_parameters(theirs, ours, [torch.randn(2, 5)], ["level"])


def test_a_wrong_gradient_is_named() -> None:
    class Doubled(Gate):
        def forward(self, x: Tensor) -> Tensor:
            level = 2 * self.level - self.level.detach()
            gated: Tensor = x * (self.map(x) + level).sigmoid()
            return gated

    theirs, ours = same_weights(Doubled, Gate, drawn(), 5)
    x = torch.randn(2, 5)
    same_gradients_of_parameters(theirs, ours, [x], ["map.weight"])
    with pytest.raises(Mismatch, match="elements of the gradient of level are wrong"):
        same_gradients_of_parameters(theirs, ours, [x], ["level"])
