"""Marks that people set: they count, they stay, and impossible ones are refused."""

from __future__ import annotations

import msgspec
import pytest

from autograder.gradebook import GradebookError
from autograder.results import SubmissionStatus


@pytest.fixture
def ada(gradebook, graded):
    """Return a gradebook in which ada has 1 + 3 of 6 points."""
    gradebook.record([graded(causal=1.0)], seed=7, isolation="full")
    return gradebook


def test_a_mark_on_an_exercise_counts_instead_of_the_automatic_score(ada):
    ada.set_manual_mark("ada", "attention", 2.5, exercise="causal_mask", comment="good idea")
    final = ada.final_score("ada", "attention")
    assert (final.score, final.max_score, final.automatic) == (5.5, 6.0, 4.0)
    assert [mark.comment for mark in final.marks] == ["good idea"]


def test_a_mark_on_the_sheet_outranks_marks_on_exercises(ada):
    ada.set_manual_mark("ada", "attention", 5.0)
    ada.set_manual_mark("ada", "attention", 0.0, exercise="causal_mask")
    assert ada.final_score("ada", "attention").score == 5.0


def test_grading_again_keeps_manual_marks(ada, graded):
    ada.set_manual_mark("ada", "attention", 3.0, exercise="causal_mask")
    ada.record([graded(causal=0.0)], seed=7, isolation="full")
    ada.record([graded(causal=0.0)], seed=8, isolation="full")
    final = ada.final_score("ada", "attention")
    assert (final.automatic, final.score, final.outdated) == (3.0, 6.0, ())


def test_a_mark_stays_for_a_new_notebook_and_says_that_it_is_older(ada, graded):
    ada.set_manual_mark("ada", "attention", 0.0, exercise="causal_mask")
    ada.record([graded(causal=3.0, digest="d2")], seed=7, isolation="full")
    final = ada.final_score("ada", "attention")
    assert final.score == 3.0
    assert [mark.exercise for mark in final.outdated] == ["causal_mask"]


def test_the_newest_mark_counts_and_all_of_them_are_remembered(ada):
    for score in (1.0, 2.0, None):
        ada.set_manual_mark("ada", "attention", score, exercise="causal_mask")
    assert ada.final_score("ada", "attention").score == 4.0
    assert [mark.score for mark in ada.manual_marks("ada", "attention")] == [1.0, 2.0, None]


def test_a_comment_without_a_score_changes_no_score(ada):
    ada.set_manual_mark("ada", "attention", None, comment="see me")
    final = ada.final_score("ada", "attention")
    assert (final.score, final.marks[0].comment) == (4.0, "see me")


def test_the_same_mark_set_twice_is_one_mark(ada):
    for _ in range(2):
        ada.set_manual_mark("ada", "attention", 2.0, comment="ok")
    assert len(ada.manual_marks("ada", "attention")) == 1


def test_a_mark_of_one_learner_is_not_the_mark_of_another(ada, graded):
    ada.record([graded("ben"), graded("ada", "masks")], seed=7, isolation="full")
    ada.set_manual_mark("ada", "attention", 0.0)
    assert ada.final_score("ben", "attention").score == 6.0
    assert ada.final_score("ada", "masks").score == 6.0


@pytest.mark.parametrize("score", [-1.0, 3.5, float("nan"), float("inf")])
def test_a_score_out_of_range_is_refused_with_the_range(ada, score):
    with pytest.raises(GradebookError, match=f"between 0 and 3, got {score:g}"):
        ada.set_manual_mark("ada", "attention", score, exercise="causal_mask")
    assert ada.manual_marks("ada", "attention") == []


def test_an_unknown_exercise_is_refused_with_the_names_that_exist(ada):
    with pytest.raises(
        GradebookError, match="no exercise 'mask'; it has causal_mask, padding_mask"
    ):
        ada.set_manual_mark("ada", "attention", 1.0, exercise="mask")


def test_an_unreadable_notebook_can_be_marked_by_hand(gradebook, graded):
    unreadable = msgspec.structs.replace(
        graded(), status=SubmissionStatus.UNREADABLE, score=0.0, exercises=[]
    )
    gradebook.record([unreadable], seed=7, isolation="full")
    gradebook.set_manual_mark("ada", "attention", 2.0, exercise="causal_mask")
    assert gradebook.final_score("ada", "attention").score == 2.0
    gradebook.set_manual_mark("ada", "attention", 5.0, comment="read on paper")
    assert gradebook.final_score("ada", "attention").score == 5.0
