"""Each mistake, and each pair, fails the checks and is named as itself; nothing else is named."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.checks.session import CheckSession, with_checks
from autograder.faults import fault_models
from autograder.faults.diagnose import diagnose
from autograder.faults.model import FaultModel
from autograder.sheets import sheets

from .answers import Alter, altered

FEWEST_FAULTS = {
    "attention_weights": 10,
    "scaled_dot_product_attention": 8,
    "causal_mask": 6,
    "padding_mask": 6,
    "merge_heads": 6,
    "multihead_parameter_count": 6,
    "shift_right": 6,
}
FEWEST_EQUIVALENTS = 5
# Where to return what was given is a mistake that has a name.
TO_DO_NOTHING = {"shift_right": "the targets are not shifted"}
STEM_OF = {exercise: stem for stem in sheets() for exercise in fault_models(stem)}
MODELS = [fault_models(stem)[exercise] for exercise, stem in STEM_OF.items()]
each_exercise = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.exercise)


def shares(model: FaultModel, answers: Iterable[Any], seeds: Iterable[int] = (7,)) -> list[float]:
    """Return the share of the points that each answer earns with each seed."""
    found: list[float] = []
    cases = list(itertools.product(answers, seeds))

    def work(checks: CheckSession) -> None:
        for answer, seed in cases:
            student = SimpleNamespace(**{model.exercise: answer})
            verdicts = checks.run(model.exercise, student, seed)
            earned = sum(verdict.check.points for verdict in verdicts if verdict.error is None)
            found.append(earned / sum(verdict.check.points for verdict in verdicts))

    with_checks([STEM_OF[model.exercise]], work)
    return found


@each_exercise
def test_there_are_enough_faults_and_equivalents(model: FaultModel) -> None:
    assert len(model.faults) >= FEWEST_FAULTS.get(model.exercise, 8)
    assert len(model.equivalents) >= FEWEST_EQUIVALENTS
    assert len({fault.name for fault in model.faults}) == len(model.faults)


@each_exercise
def test_the_implementation_is_right_with_all_switches_off(model: FaultModel) -> None:
    assert shares(model, [model.faulty()]) == [1]
    assert diagnose(model, model.faulty()).counterexample == ""


@each_exercise
def test_each_fault_and_each_pair_fails_and_is_named_as_itself(model: FaultModel) -> None:
    wrong = []
    sets = [frozenset(fault.name for fault in faults) for faults in model.combinations()]
    answers = [model.faulty(names) for names in sets]
    for names, answer, share in zip(sets, answers, shares(model, answers), strict=True):
        diagnosis = diagnose(model, answer)
        named = frozenset(fault.name for fault in diagnosis.faults)
        if named != model.diagnosis_of(names) or not diagnosis.counterexample:
            wrong.append(f"{sorted(names)} is named {sorted(named)}")
        if share == 1:
            wrong.append(f"{sorted(names)} passes")
    assert wrong == []


@each_exercise
def test_what_is_declared_the_same_really_is(model: FaultModel) -> None:
    known = {fault.name for fault in model.faults}
    pairs = {frozenset(f.name for f in pair) for pair in model.combinations() if len(pair) == 2}
    for names, smaller in model.same.items():
        assert names in pairs, f"{sorted(names)} is no pair of the model"
        assert smaller <= known
        assert len(smaller) < len(names)


@each_exercise
def test_equivalents_earn_full_marks_and_no_diagnosis(model: FaultModel) -> None:
    assert set(shares(model, model.equivalents)) == {1}
    for function in model.equivalents:
        assert diagnose(model, function).counterexample == "", function.__name__


def shuffled(result: Any, args: tuple[Any, ...]) -> Any:
    if isinstance(result, tuple):
        return tuple(shuffled(each, args) for each in result)
    if isinstance(result, Tensor) and not result.dim():
        return -1 - result
    if isinstance(result, Tensor):
        return result.flatten().roll(1).reshape(result.shape)
    return -result


def of_its_kind(number: float) -> Alter:
    """Return what makes of any result one of the same shape that holds this number alone."""

    def same(result: Any, args: tuple[Any, ...]) -> Any:
        if isinstance(result, tuple):
            return tuple(same(each, args) for each in result)
        whole = not isinstance(result, Tensor)
        return type(result)(number) if whole else torch.full_like(result, number)

    return same


RIGHT_IN_SHAPE_ALONE: tuple[Alter, ...] = (
    of_its_kind(0),
    of_its_kind(1),
    of_its_kind(0.37),
    shuffled,
    lambda result, args: args[0],
    lambda result, args: None,
)


@each_exercise
def test_answers_with_the_right_shape_alone_earn_nothing(model: FaultModel) -> None:
    right = model.faulty()
    modules = isinstance(model.implementation, type)
    answers = [altered(right, alter, makes_modules=modules) for alter in RIGHT_IN_SHAPE_ALONE]
    assert shares(model, answers) == [0] * len(answers)
    for answer, alter in zip(answers, RIGHT_IN_SHAPE_ALONE, strict=True):
        named = [fault.name for fault in diagnose(model, answer).faults]
        assert named in ([], [TO_DO_NOTHING.get(model.exercise)]), alter


@each_exercise
def test_hints_do_not_say_the_name_of_the_mistake(model: FaultModel) -> None:
    for fault in model.faults:
        assert fault.hint.endswith(("?", ".")), fault.name
        assert fault.name not in fault.hint


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(
    ("model", "function"),
    [
        pytest.param(model, function, id=f"{model.exercise}-{function.__name__}")
        for model in MODELS
        for function in model.equivalents
    ],
)
def test_no_equivalent_is_ever_marked_wrong(model: FaultModel, function: Any) -> None:
    earned = shares(model, [function], range(200))
    assert [seed for seed, share in enumerate(earned) if share < 1] == []
