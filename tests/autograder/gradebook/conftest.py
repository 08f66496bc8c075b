"""Small results to enter, and gradebooks to enter them into."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator

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

from .postgresql import WHEEL, Server

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]


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


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Yield a PostgreSQL server, started once."""
    if importlib.util.find_spec(WHEEL) is None:
        # With CI=true the skip is a failure; see tests/conftest.py.
        pytest.skip("no PostgreSQL: install the test extra")
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def file_url(tmp_path):
    """Return the URL of an SQLite gradebook that does not exist yet."""
    return f"sqlite:///{tmp_path / 'grades.db'}"


@pytest.fixture(params=KINDS)
def new_url(request):
    """Return the URL of a gradebook that does not exist yet, on each kind of database."""
    if request.param == "sqlite":
        return request.getfixturevalue("file_url")
    return request.getfixturevalue("server").new_database()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory):
    """Return the file of an empty gradebook, made once: copying it is quicker."""
    file = tmp_path_factory.mktemp("gradebook") / "grades.db"
    Gradebook(file).close()
    return file


@pytest.fixture(params=KINDS)
def url(request):
    """Return the URL of an empty gradebook, on each kind of database."""
    if request.param == "postgresql":
        return request.getfixturevalue("server").new_database()
    file = request.getfixturevalue("tmp_path") / "grades.db"
    shutil.copy(request.getfixturevalue("empty_file"), file)
    return f"sqlite:///{file}"


@pytest.fixture
def gradebook(url):
    with Gradebook(url, who="kim") as book:
        yield book
