"""The cells of the sample class define what they say, with nothing but what they hold."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from autograder.demo.cells import equivalent_cell, faulty_cell
from autograder.faults import fault_models
from autograder.faults.diagnose import diagnose
from autograder.faults.model import FaultModel
from autograder.sheets import sheets
from autograder.submission import defined_names

MODELS = [model for stem in sheets() for model in fault_models(stem).values()]
CLASSES = [model for model in MODELS if isinstance(model.implementation, type)]
each_exercise = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.exercise)


def defined(cell: str, name: str) -> Any:
    """Run a cell on its own, as a notebook does, and return what it defines."""
    assert name in defined_names(cell)
    namespace: dict[str, Any] = {}
    exec(compile(cell, name, "exec"), namespace)
    return namespace[name]


def test_there_is_an_exercise_that_is_a_class() -> None:
    assert "MultiHeadAttention" in [model.exercise for model in CLASSES]


@each_exercise
def test_a_cell_with_a_mistake_makes_that_mistake(model: FaultModel) -> None:
    for fault in model.faults:
        answer = defined(faulty_cell(model, [fault.name]), model.exercise)
        assert [each.name for each in diagnose(model, answer).faults] == [fault.name]


@each_exercise
def test_a_cell_with_two_mistakes_makes_both(model: FaultModel) -> None:
    pairs = [faults for faults in model.combinations() if len(faults) == 2][::17]
    for pair in pairs:
        names = [fault.name for fault in pair]
        answer = defined(faulty_cell(model, names), model.exercise)
        found = frozenset(each.name for each in diagnose(model, answer).faults)
        assert found == model.diagnosis_of(names)


@each_exercise
def test_a_cell_with_an_equivalent_is_right(model: FaultModel) -> None:
    for function in model.equivalents:
        answer = defined(equivalent_cell(model, function), model.exercise)
        assert diagnose(model, answer).counterexample == "", function.__name__


@pytest.mark.parametrize("model", CLASSES, ids=lambda model: model.exercise)
def test_the_cell_of_a_class_defines_a_class_of_modules(model: FaultModel) -> None:
    cells = [faulty_cell(model, [model.faults[0].name])]
    cells += [equivalent_cell(model, function) for function in model.equivalents]
    for cell in cells:
        answer = defined(cell, model.exercise)
        assert isinstance(answer, type)
        assert issubclass(answer, nn.Module)
    assert f"class {model.exercise}(" in cells[0]


def inner(number: int) -> int:
    return 2 * number


def outer(number: int) -> int:
    return sum(inner(each) for each in range(number))


class Base:
    def double(self, number: int) -> int:
        return outer(number)


class Derived(Base):
    pass


def test_a_cell_holds_all_that_is_needed_from_the_innermost_out() -> None:
    model = CLASSES[0]
    cell = equivalent_cell(model, Derived)
    order = [cell.index(f"{word}") for word in ("def inner", "def outer", "class Base", "class De")]
    assert order == sorted(order)
    assert cell.count("def inner") == 1
    assert defined(cell, model.exercise)().double(3) == 6
