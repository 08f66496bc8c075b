"""A class on a probe: made, given weights that follow from names alone, and called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.faults.diagnose import diagnose
from autograder.faults.model import Fault, FaultModel, Probe
from autograder.faults.modules import numbers_for, trial_of_modules
from autograder.faults.observe import observe
from autograder.sandbox.errors import student_error

WIDTH = 3
PARAMETERS = ("map.weight", "map.bias", "level")


class Gate(nn.Module):
    """Lets through what a linear map of the input opens; each switch is a mistake."""

    def __init__(
        self, width: int, *, opens: str = "sigmoid", level: str = "learned", most: int = 9
    ) -> None:
        super().__init__()
        if width > most:
            raise ValueError(f"a gate is at most 9 wide, got {width}")
        self.map = nn.Linear(width, width)
        if level == "learned":
            self.level = nn.Parameter(torch.zeros(width))
        elif level == "in a list":
            self.levels = [nn.Parameter(torch.zeros(width))]
        self.opens = opens

    def forward(self, x: Tensor) -> Tensor:
        gates = self.map(x) + self.level
        opened: Tensor = gates.sigmoid() if self.opens == "sigmoid" else gates.tanh()
        return x * opened


class GateOfOwnDesign(nn.Module):
    """Right, with a buffer, a parameter and a method that nobody asked for."""

    def __init__(self, width: int) -> None:
        if width > 9:
            raise ValueError(f"{width} is too wide")
        super().__init__()
        self.level = nn.Parameter(torch.rand(width))
        self.map = nn.Linear(width, width)
        self.spare = nn.Parameter(torch.rand(2))
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + torch.exp(-self.map(x) - self.level))


GATE = FaultModel(
    exercise="Gate",
    implementation=Gate,
    faults=(
        Fault("opens by a tanh", "opens", "tanh", "?", "label"),
        Fault("the level is not registered", "level", "in a list", "?", "label"),
        Fault("any width is taken", "most", 99, "?", "label"),
    ),
    probes=(
        Probe("what it learns", {"width": WIDTH}),
        Probe("too wide", {"width": 10}),
        Probe("one row", {"width": WIDTH, "x": torch.tensor([[1.0, 2.0, 3.0]])}),
        Probe("with gradients", {"width": WIDTH, "x": torch.rand(2, WIDTH)}, gradients=True),
    ),
    equivalents=(GateOfOwnDesign,),
    read="label",
    same={
        frozenset({"opens by a tanh", "the level is not registered"}): frozenset(
            {"the level is not registered"}
        )
    },
    trial=trial_of_modules(1, PARAMETERS),
)


def outcomes(answer: Any) -> list[Any]:
    return [observe(GATE.trial(answer), probe) for probe in GATE.probes]


def test_every_mistake_of_a_class_and_every_pair_is_named_as_itself() -> None:
    for faults in GATE.combinations():
        names = frozenset(fault.name for fault in faults)
        found = diagnose(GATE, GATE.faulty(names))
        assert {fault.name for fault in found.faults} == GATE.diagnosis_of(names)


@pytest.mark.parametrize("right", [Gate, GateOfOwnDesign, GATE.faulty()])
def test_a_right_class_has_no_mistake_whatever_weights_it_begins_with(right: Any) -> None:
    assert diagnose(GATE, right).counterexample == ""


def test_two_objects_get_the_same_weights_and_no_zeros() -> None:
    first, second = outcomes(Gate), outcomes(Gate)
    assert all(one.equals(other) for one, other in zip(first, second, strict=True))
    assert torch.equal(numbers_for("a", torch.zeros(5)), numbers_for("a", torch.ones(5)))
    assert not torch.equal(numbers_for("a", torch.zeros(5)), numbers_for("b", torch.zeros(5)))
    assert (
        numbers_for("a", torch.zeros(4, 1000)).std()
        < 0.05
        < numbers_for("a", torch.zeros(40)).std()
    )


def test_weights_keep_the_dtype_and_what_is_no_number_with_a_point_is_left_alone() -> None:
    assert numbers_for("a", torch.zeros(5, dtype=torch.float64)).dtype == torch.float64
    count = torch.tensor(7)
    assert numbers_for("a", count) is count


def test_what_it_learns_is_a_list_of_names_and_shapes() -> None:
    assert outcomes(Gate)[0].value == ["level (3,)", "map.bias (3,)", "map.weight (3, 3)"]
    assert outcomes(GateOfOwnDesign)[0].value == outcomes(Gate)[0].value


def test_a_missing_parameter_is_named_with_the_rule() -> None:
    missing = outcomes(GATE.faulty(["the level is not registered"]))
    assert missing[0].value == ["map.bias (3,)", "map.weight (3, 3)"]
    assert missing[2].error == (
        "AttributeError: the module has no parameter level: it must be an attribute, as in "
        "self.level = nn.Parameter(…)"
    )
    without_layer = outcomes(lambda width: nn.Identity())
    assert "no parameter map.weight: a layer must be an attribute, as in self.map = nn" in (
        without_layer[2].error
    )


class Plain:
    def __init__(self, width: int) -> None:
        self.width = width


class WithoutSuper(nn.Module):
    def __init__(self, width: int) -> None:
        self.width = width


@pytest.mark.parametrize("wrong", [Plain, WithoutSuper, lambda width: None, torch.zeros])
def test_what_is_no_module_is_told_the_rule(wrong: Any) -> None:
    for outcome in outcomes(wrong):
        assert "must derive from nn.Module and call super().__init__() first" in outcome.error


def test_what_a_constructor_refuses_is_compared_by_the_values_that_it_names() -> None:
    assert outcomes(Gate)[1].value == "a ValueError that names 10"
    assert outcomes(GateOfOwnDesign)[1].value == "a ValueError that names 10"

    def wordless(width: int) -> Gate:
        if width > 9:
            raise ValueError("too wide")
        return Gate(width)

    assert outcomes(wordless)[1].value == "a ValueError that names no value"
    assert "yours       a ValueError that names no value" in diagnose(GATE, wordless).counterexample


def test_a_refusal_that_crossed_a_sandbox_is_the_same_one() -> None:
    def remote(width: int) -> Gate:
        if width > 9:
            raise student_error("ValueError", ["ValueError"], f"{width}!", "")
        return Gate(width)

    assert outcomes(remote)[1].value == "a ValueError that names 10"


def test_the_stub_of_a_class_is_an_error_and_no_refusal() -> None:
    def stub(width: int) -> None:
        raise NotImplementedError("write Gate.__init__ here")

    assert all(outcome.error.startswith("NotImplementedError") for outcome in outcomes(stub))


def test_the_smallest_case_shows_how_the_object_is_made() -> None:
    said = diagnose(GATE, GATE.faulty(["opens by a tanh"])).counterexample.splitlines()
    assert said[:3] == [
        "Gate(width=3), one row",
        "  x           [[1, 2, 3]]  float32[1, 3]",
        "  weights     fixed numbers, the same in both",
    ]
    assert said[3].startswith("  expected    [[")
    assert said[4].startswith("  yours       [[")


def test_names_that_are_missing_are_said_alone() -> None:
    unregistered = GATE.faulty(["the level is not registered"])
    assert diagnose(GATE, unregistered).counterexample.splitlines() == [
        "Gate(width=3), what it learns",
        "  expected    level (3,)",
        "  yours       without them",
    ]
    taken = GATE.faulty(["any width is taken"])
    assert diagnose(GATE, taken).counterexample.splitlines() == [
        "Gate(width=10), too wide",
        "  expected    a ValueError that names 10",
        "  yours       level (10,), map.bias (10,), map.weight (10, 10)",
    ]


def test_a_gradient_that_is_wrong_shows_in_a_class() -> None:
    class Doubled(Gate):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(2 * x - x.detach())

    with_gradients = replace(GATE, probes=GATE.probes[3:])
    said = diagnose(with_gradients, Doubled).counterexample
    assert "gradient    of floating-point input 1" in said
