"""What is kept of each submission, and what a notebook may say of itself."""

from __future__ import annotations

import gc
import math
import tracemalloc

import msgspec
import pytest

from autograder.reports import ClassTally
from autograder.reports.summary import sheets
from autograder.results import ClassResults

from .crowd import CLUSTER, crowd
from .sample_class import NO_NAME, answer, submission, tally, with_exercise

UNNAMED = msgspec.structs.replace(answer("padding_mask", NO_NAME), cluster=CLUSTER)


def minutes_of(*minutes):
    course = ClassTally()
    for number, value in enumerate(minutes):
        course.add(msgspec.structs.replace(submission(f"l{number}"), minutes=value))
    return sheets(course)[0].times.minutes


@pytest.mark.parametrize("nonsense", [None, -1.0, math.nan, math.inf, -math.inf])
def test_what_is_no_length_of_time_is_left_out(nonsense):
    assert minutes_of(nonsense) is None
    assert minutes_of(nonsense, 30.0).known == 1


def test_one_absurd_length_of_time_does_not_move_the_middle():
    assert minutes_of(30.0, 40.0, 1e308).median == 40.0


def test_a_notebook_that_was_never_run_says_nothing_about_cell_runs():
    assert (
        sheets(tally(ClassResults(isolation="full", seed=7, submissions=[submission("a")])))[
            0
        ].times.cell_runs
        is None
    )


@pytest.mark.parametrize(("sharing", "counted"), [(2, 0), (3, 3), (9, 9)])
def test_few_who_share_a_wrong_answer_are_no_sign_of_a_confusing_exercise(sharing, counted):
    course = ClassTally()
    for number in range(40):
        one = submission(f"l{number}")
        course.add(with_exercise(one, UNNAMED) if number < sharing else one)
    assert sheets(course)[0].exercises[3].sharing == counted


def test_in_a_large_class_a_twentieth_must_share_a_wrong_answer():
    course = ClassTally()
    for number in range(200):
        one = submission(f"l{number}")
        course.add(with_exercise(one, UNNAMED) if number < 9 else one)
    assert sheets(course)[0].exercises[3].sharing == 0


def test_an_answer_that_got_its_name_is_no_longer_without_one():
    named = msgspec.structs.replace(UNNAMED, diagnosis=["inverted"])
    course = ClassTally()
    for number in range(9):
        course.add(with_exercise(submission(f"l{number}"), named))
    assert sheets(course)[0].exercises[3].sharing == 0


@pytest.mark.slow
def test_a_submission_takes_less_than_half_a_kilobyte():
    course, size = ClassTally(), 1000
    gc.collect()
    tracemalloc.start()
    for result in crowd(size):
        course.add(result)
    result = None
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / size < 500
