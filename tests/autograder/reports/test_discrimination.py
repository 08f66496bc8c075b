"""Which exercises tell learners apart, on classes whose answer is known."""

from __future__ import annotations

import itertools

import pytest

from autograder.reports.discrimination import Discrimination, Verdict, discrimination
from autograder.reports.tally import Outcome, Row
from autograder.results import ExerciseStatus


def row(*scores):
    """Return a learner with these scores, each of 1, in the exercises a, b and c."""
    outcomes = tuple(
        Outcome(
            "abc"[place],
            ExerciseStatus.PASSED if score == 1 else ExerciseStatus.FAILED,
            float(score),
            1.0,
            (),
            "",
        )
        for place, score in enumerate(scores)
    )
    return Row("l", "attention", float(sum(scores)), 3.0, True, "", (), outcomes)


def test_an_exercise_that_the_able_solve_tells_learners_apart():
    rows = [row(1, 1, 1)] * 15 + [row(0, 0, 1)] * 8 + [row(0, 1, 0)] * 7
    found = discrimination(rows, "a")
    assert found.verdict is Verdict.TELLS_APART
    assert (found.upper, found.lower) == (1.0, 0.0)


def test_the_correlation_leaves_out_the_exercise_itself():
    """With its own score counted in, an exercise unrelated to all others would correlate."""
    rows = [row(*scores) for scores in itertools.product((0, 1), repeat=3)] * 5
    found = discrimination(rows, "a")
    assert found.correlation == pytest.approx(0.0)
    assert found.verdict is Verdict.TELLS_LITTLE
    assert found.upper == pytest.approx(0.5)
    assert found.lower == pytest.approx(0.5)


def test_an_exercise_at_which_the_able_fail_is_the_wrong_way_round():
    rows = [row(0, 1, 1)] * 15 + [row(1, 0, 0)] * 15
    found = discrimination(rows, "a")
    assert found.correlation == pytest.approx(-1.0)
    assert found.verdict is Verdict.REVERSED


def test_a_correlation_that_chance_may_have_made_negative_is_not_called_so():
    rows = [row(*scores) for scores in itertools.product((0, 1), repeat=3)] * 3
    found = discrimination([*rows, row(0, 1, 1)], "a")
    assert -0.2 < found.correlation < 0
    assert found.verdict is Verdict.TELLS_LITTLE


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([row(1, 1, 1), row(0, 0, 0)] * 9, Verdict.TOO_FEW),
        ([row(1, 1, 0), row(1, 0, 0)] * 15, Verdict.ALL_ALIKE),
        ([row(1), row(0)] * 15, Verdict.ALL_ALIKE),
        ([], Verdict.TOO_FEW),
    ],
)
def test_where_nothing_can_be_said_nothing_is_said(rows, verdict):
    assert discrimination(rows, "a") == Discrimination(verdict)


def test_learners_who_tie_on_a_groups_border_belong_to_it_in_part():
    """27 % of 20 are 5.4 learners: here 5 from the highest tie, and 0.4 from the next."""
    rows = [row(1, 1, 1)] * 5 + [row(0, 1, 0), row(1, 1, 0)] * 5 + [row(0, 0, 0)] * 5
    found = discrimination(rows, "a")
    assert found.upper == pytest.approx((5 + 0.4 / 2) / 5.4)
    assert found.lower == pytest.approx((0 + 0.4 / 2) / 5.4)


def test_the_correlation_is_pearsons():
    rows = [row(1, 1, 0), row(0, 0, 0), row(1, 1, 1), row(0, 1, 0), row(1, 0, 0)] * 4
    assert discrimination(rows, "a").correlation == pytest.approx(0.6 / (1.2 * 2.8) ** 0.5)
