"""Collecting checks with pytest and running them for one student after another."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from autograder.checks import session
from autograder.checks.compare import Mismatch
from autograder.checks.session import CheckSession, with_checks

RIGHT = """
import pytest
import torch
from autograder.checks.marks import check
from autograder.checks.compare import demand

REFERENCE = {"double": lambda x: 2 * x}


@pytest.mark.parametrize("size", [2, 3])
@check("double", points=1.5)
def test_it_doubles(student, reference, draw, size):
    x = draw.normal(size)
    demand(torch.equal(student.double(x), reference.double(x)), f"wrong at {size}")


@check("double", points=0.5)
def test_a_number_is_doubled(student):
    assert student.double(4) == 8
"""


@pytest.fixture
def collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Callable[[CheckSession], None]], None]:
    """Collect a check file that the test writes."""

    def collect(text: str, work: Callable[[CheckSession], None]) -> None:
        stem = re.sub(r"\W", "_", tmp_path.name)  # modules are known by their names
        (tmp_path / f"test_{stem}.py").write_text(text)
        monkeypatch.setattr(session, "CHECKS", tmp_path)
        with_checks([stem], work)

    return collect


def test_marks_parameters_and_order_are_those_of_the_file(collected) -> None:
    found = []
    collected(RIGHT, lambda checks: found.extend(checks.checks("double")))
    assert [(each.name, each.points) for each in found] == [
        ("it doubles[2]", 1.5),
        ("it doubles[3]", 1.5),
        ("a number is doubled", 0.5),
    ]


def test_each_student_is_judged_alone(collected) -> None:
    right = SimpleNamespace(double=lambda x: x + x)
    wrong = SimpleNamespace(double=lambda x: 2 * x if not torch.is_tensor(x) else x)

    def work(checks: CheckSession) -> None:
        for student, expected in ((right, 0), (wrong, 2), (right, 0)):
            errors = [verdict.error for verdict in checks.run("double", student, 7)]
            assert sum(isinstance(error, Mismatch) for error in errors) == expected
            assert errors[2] is None

    collected(RIGHT, work)


def test_the_same_seed_asks_the_same_and_another_asks_something_else(collected) -> None:
    seen: list[torch.Tensor] = []

    def keep(x):
        if torch.is_tensor(x):
            seen.append(x.clone())
        return 2 * x

    def work(checks: CheckSession) -> None:
        for seed in (7, 7, 8):
            checks.run("double", SimpleNamespace(double=keep), seed)

    collected(RIGHT, work)
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[4])


def test_a_lost_process_ends_the_checks_and_every_later_one_says_so(collected) -> None:
    class Lost(Exception):
        status = "timeout"

    calls = []

    def lose(x):
        calls.append(x)
        raise Lost

    def work(checks: CheckSession) -> None:
        verdicts = checks.run("double", SimpleNamespace(double=lose), 7)
        assert [type(verdict.error) for verdict in verdicts] == [Lost] * 3

    collected(RIGHT, work)
    assert len(calls) == 1


def test_another_answer_can_stand_in_for_the_reference(collected) -> None:
    thrice = SimpleNamespace(double=lambda x: 3 * x)

    def work(checks: CheckSession) -> None:
        verdicts = checks.run("double", thrice, 7, instead=lambda x: 3 * x)
        assert [verdict.error is None for verdict in verdicts] == [True, True, False]

    collected(RIGHT, work)


BROKEN = {
    "no mark": (
        "REFERENCE = {}\ndef test_nothing(student): pass",
        "has no @check(exercise, points=…)",
    ),
    "a fixture that checks do not have": (
        (
            "from autograder.checks.marks import check\nREFERENCE = {}\n"
            "@check('f', points=1)\ndef test_files(student, tmp_path): pass"
        ),
        "asks for tmp_path; a check can have draw, reference, student and its own parameters",
    ),
    "a syntax error": ("def test_(", "cannot be read"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_check_file_that_cannot_be_used_says_why(collected, text: str, message: str) -> None:
    with pytest.raises((RuntimeError, pytest.UsageError)) as error:
        collected(text, lambda checks: None)
    assert message in str(error.value)


def test_what_the_work_raises_comes_out(collected) -> None:
    def work(checks: CheckSession) -> None:
        raise ZeroDivisionError("by the work")

    with pytest.raises(ZeroDivisionError, match="by the work"):
        collected(RIGHT, work)
