"""The reference is asked once, and nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autograder.checks import remembered
from autograder.checks.remembered import Remembered


class Counted:
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        given = [*args, *kwargs.values()]
        return sum(each * 2 for each in given if isinstance(each, torch.Tensor))


def test_equal_arguments_are_asked_about_once() -> None:
    counted = Counted()
    function = Remembered(counted)
    first = function(torch.arange(6.0).reshape(2, 3), 5, "a")
    again = function(torch.arange(6.0).reshape(2, 3), 5, "a")
    assert torch.equal(first, again)
    assert counted.calls == 1


X = torch.arange(6.0)
DIFFERENT = {
    "a value": (X, X + torch.tensor([0.0, 0, 0, 0, 0, 1e-6])),
    "a shape": (X, X.reshape(2, 3)),
    "a dtype": (torch.zeros(2, dtype=torch.int32), torch.zeros(2, dtype=torch.float32)),
    "strides that order elements otherwise": (X.reshape(2, 3), X.reshape(3, 2).T),
    "1 and True": (1, True),
    "1 and 1.0": (1, 1.0),
    "none": (X, None),
    "a list and a tuple": ([1, 2], (1, 2)),
    "objects that say they are equal": (object(), object()),
}


@pytest.mark.parametrize(("first", "second"), DIFFERENT.values(), ids=DIFFERENT)
def test_arguments_that_differ_are_asked_about_each(first: Any, second: Any) -> None:
    counted = Counted()
    function = Remembered(counted)
    function(first)
    function(second)
    assert counted.calls == 2


def test_the_name_of_an_argument_matters() -> None:
    counted = Counted()
    function = Remembered(counted)
    function(query=X)
    function(key=X)
    assert counted.calls == 2


def test_who_changes_an_answer_changes_no_one_elses() -> None:
    function = Remembered(Counted())
    function(X).fill_(7)
    assert torch.equal(function(X), X * 2)


def test_who_changes_an_argument_later_does_not_change_what_was_asked() -> None:
    function = Remembered(Counted())
    given = X.clone()
    function(given)
    given.fill_(9)
    assert torch.equal(function(X), X * 2)


def test_a_result_with_a_graph_is_worked_out_each_time() -> None:
    counted = Counted()
    function = Remembered(counted)
    leaf = X.clone().requires_grad_()
    for _ in range(2):
        function(leaf).sum().backward()
    assert counted.calls == 2
    assert leaf.grad is not None
    assert torch.equal(leaf.grad, torch.full_like(X, 4.0))


def test_questions_that_never_come_again_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remembered, "MOST_ANSWERS", 3)
    function = Remembered(Counted())
    for number in range(11):
        function(X + number)
        assert len(function._answers) <= 3
