"""Whatever a result says, the gradebook says it too."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.gradebook import GradebookError
from autograder.gradebook.columns import storable
from autograder.gradebook.conversion import fingerprint, moment, storable_result
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
    read_title=anything,
    message=anything,
    cluster=anything,
)
times = st.datetimes(timezones=st.just(dt.UTC), min_value=dt.datetime(1970, 1, 1))
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
    submitted=st.just("") | times.map(dt.datetime.isoformat),
    cell_runs=st.integers(0, 10**6),
    minutes=st.none() | points,
)


@pytest.mark.slow
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(result=submissions, seed=st.integers(-(2**70), 2**70))
def test_every_result_comes_back_as_it_was(gradebook, result, seed):
    # Each in a place of its own: all of them go into one gradebook.
    result = msgspec.structs.replace(result, stem=f"{result.stem}{len(gradebook.sheets())}")
    assert gradebook.record([result], seed=seed, isolation="reduced") == 1
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


def test_the_fingerprint_forgets_duration_and_circumstances_and_nothing_else(graded):
    same = fingerprint(graded(), "full")
    assert fingerprint(graded(seconds=5.0), "full") == same
    around = msgspec.structs.replace(graded(), submitted="2026-03-01", cell_runs=9, minutes=2.0)
    assert fingerprint(around, "full") == same
    assert fingerprint(graded(causal=0.0), "full") != same
    assert fingerprint(graded(), "reduced") != same


def test_the_fingerprint_of_a_verdict_without_later_fields_is_that_of_schema_1(graded):
    """As the program wrote it before results had clusters: see schema1.sql."""
    expected = "67641ed78fcda1207924cb1f2e16cc8005035d9b4404e4d8cc471df637b9d3db"
    result = graded("O'Hara 名前", causal=0.0, digest="d3")
    assert fingerprint(result, "full") == expected
    first, second = result.exercises
    clustered = msgspec.structs.replace(first, cluster="0123456789ab")
    other = msgspec.structs.replace(result, exercises=[clustered, second])
    assert fingerprint(other, "full") != expected


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01T12:00:00+09:00", "2026-03-01T03:00:00+00:00"),
        ("2026-03-01 12:00:00.25", "2026-03-01T12:00:00.250000+00:00"),
    ],
)
def test_a_time_of_handing_in_is_read_as_utc_unless_it_names_its_zone(text, utc):
    assert moment(text).isoformat() == utc


def test_no_time_of_handing_in_is_none():
    assert moment("") is None


@pytest.mark.parametrize("text", ["soon", "0001-01-01T00:00:00+14:00", "2026-13-01"])
def test_a_time_that_is_none_is_refused(text):
    with pytest.raises(GradebookError, match="must be ISO 8601"):
        moment(text)
