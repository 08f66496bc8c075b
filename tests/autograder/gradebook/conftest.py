"""Small results to enter, and gradebooks to enter them into."""

from __future__ import annotations

import pytest

from autograder.gradebook import Gradebook
from autograder.results import (
    CheckResult,
    CheckStatus,
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)


def exercise(name: str, score: float = 3.0) -> ExerciseResult:
    passed = score == 3.0
    return ExerciseResult(
        name=name,
        status=ExerciseStatus.PASSED if passed else ExerciseStatus.FAILED,
        score=score,
        max_score=3.0,
        diagnosis=[] if passed else ["sees one ahead"],
        hint="" if passed else "Which key does query 0 see?",
        checks=[
            CheckResult(
                name="a query never sees a later key",
                status=CheckStatus.PASSED if passed else CheckStatus.FAILED,
                points=score,
                max_points=3.0,
            )
        ],
        counterexample="" if passed else "causal_mask(3)\n\nexpected …",
        read="attention-causal",
    )


def result(
    learner: str = "ada",
    stem: str = "attention",
    *,
    causal: float = 3.0,
    padding: float = 3.0,
    digest: str = "d1",
    seconds: float = 0.2,
) -> SubmissionResult:
    return SubmissionResult(
        learner=learner,
        stem=stem,
        status=SubmissionStatus.GRADED,
        score=causal + padding,
        max_score=6.0,
        seconds=seconds,
        exercises=[exercise("causal_mask", causal), exercise("padding_mask", padding)],
        digest=digest,
    )


@pytest.fixture
def graded():
    """Return the factory of graded submissions."""
    return result


@pytest.fixture
def url(tmp_path):
    """Return the URL of a gradebook that does not exist yet."""
    return f"sqlite:///{tmp_path / 'grades.db'}"


@pytest.fixture
def gradebook(url):
    with Gradebook(url) as book:
        yield book
