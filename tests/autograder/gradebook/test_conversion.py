"""Whatever a result says, the gradebook says it too."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.gradebook import Gradebook
from autograder.gradebook.conversion import fingerprint, storable_result
from autograder.gradebook.schema import storable
from autograder.results import (
    CheckResult,
    CheckStatus,
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)

points = st.floats(0, 1000)
anything = st.text(st.characters(), max_size=20)  # surrogates and NUL included
checks = st.builds(
    CheckResult,
    name=anything,
    status=st.sampled_from(CheckStatus),
    points=points,
    max_points=points,
    message=anything,
)
exercises = st.builds(
    ExerciseResult,
    name=anything,
    status=st.sampled_from(ExerciseStatus),
    score=points,
    max_score=points,
    diagnosis=st.lists(anything, max_size=2),
    hint=anything,
    checks=st.lists(checks, max_size=3),
    counterexample=anything,
    read=anything,
    message=anything,
)
submissions = st.builds(
    SubmissionResult,
    learner=anything,
    stem=anything,
    status=st.sampled_from(SubmissionStatus),
    score=points,
    max_score=points,
    seconds=points,
    flags=st.lists(anything, max_size=2),
    message=anything,
    exercises=st.lists(exercises, max_size=3),
    digest=anything,
)


@settings(max_examples=50)
@given(result=submissions, seed=st.integers(-(2**70), 2**70))
def test_every_result_comes_back_as_it_was(result, seed):
    with Gradebook("sqlite://") as gradebook:
        gradebook.record([result], seed=seed, isolation="reduced")
        assert gradebook.record([result], seed=seed, isolation="reduced") == 0
        (attempt,) = gradebook.attempts(result.learner, result.stem)
    assert attempt.result == storable_result(result)
    assert (attempt.seed, attempt.isolation) == (seed, "reduced")


@given(text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_storable_text_stays_as_it_is(text):
    assert storable(text) == text


def test_text_that_no_database_stores_becomes_visible(graded):
    result = msgspec.structs.replace(graded("b\udcff"), message="a\x00b")
    stored = storable_result(result)
    assert (stored.learner, stored.message) == ("b\\udcff", "a\\u0000b")


def test_the_fingerprint_forgets_the_duration_and_nothing_else(graded):
    same = fingerprint(graded(), "full")
    assert fingerprint(graded(seconds=5.0), "full") == same
    assert fingerprint(graded(causal=0.0), "full") != same
    assert fingerprint(graded(), "reduced") != same
