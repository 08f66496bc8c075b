"""What a graded submission is made of: the record that reports, exports and the gradebook share.

The JSON form is a stable format (``results.json``); other programs read it.
"""

from __future__ import annotations

import enum
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

SCHEMA = 1
T = TypeVar("T")


class CheckStatus(enum.StrEnum):
    """How one check ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


class ExerciseStatus(enum.StrEnum):
    """How one exercise ended. For machines; ``message`` and ``diagnosis`` are for people."""

    PASSED = "passed"
    FAILED = "failed"
    MISSING = "missing"
    ERROR = "error"
    TIMEOUT = "timeout"
    CRASHED = "crashed"


class SubmissionStatus(enum.StrEnum):
    """Whether a submission could be graded at all."""

    GRADED = "graded"
    UNREADABLE = "unreadable"


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One check of one exercise: what it states, and whether that holds."""

    name: str
    status: CheckStatus
    points: float
    max_points: float
    message: str = ""


class ExerciseResult(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise: its checks, and the mistake's name where it has one.

    Attributes:
        diagnosis: Names of the faults that reproduce the answer on every probe;
            empty when the answer is right or the mistake has no name yet.
        hint: What to think about next; empty when the exercise passed.
        counterexample: The smallest failing case, as text with line breaks.
        read: Label of the chapter's section to read, such as ``attention-scale``.
        read_title: The heading of that section.
        message: Anything else a person should know, such as the error that a cell raised.
        cluster: Which behavior an unexplained wrong answer shows: answers that do the same
            on every probe share it. Empty when the answer is right, named or cannot be called.
    """

    name: str
    status: ExerciseStatus
    score: float
    max_score: float
    diagnosis: list[str] = []
    hint: str = ""
    checks: list[CheckResult] = []
    counterexample: str = ""
    read: str = ""
    read_title: str = ""
    message: str = ""
    cluster: str = ""


class SubmissionResult(msgspec.Struct, frozen=True, kw_only=True):
    """One learner's notebook for one sheet.

    Attributes:
        seconds: Wall-clock time that grading took.
        flags: Things for a person to look at; they never change a mark.
        digest: SHA-256 of the notebook's bytes, so that a run can tell what it has graded.
        submitted: When it was handed in, ISO 8601 in UTC; empty if that is not known.
        cell_runs: How many cells were run since the kernel was started last, as the notebook
            says; what a notebook says of itself is information, never evidence.
        minutes: From the first to the last run of a cell, where the notebook records it.
    """

    learner: str
    stem: str
    status: SubmissionStatus
    score: float
    max_score: float
    seconds: float = 0.0
    flags: list[str] = []
    message: str = ""
    exercises: list[ExerciseResult] = []
    digest: str = ""
    submitted: str = ""
    cell_runs: int = 0
    minutes: float | None = None


class Grade(msgspec.Struct, frozen=True, kw_only=True):
    """What counts for one learner and sheet: manual marks and late rules are applied."""

    learner: str
    stem: str
    score: float
    max_score: float


class Unexplained(msgspec.Struct, frozen=True, kw_only=True):
    """A wrong answer that no known mistake explains.

    Attributes:
        cluster: Identifies what the answer does on the probes.
        source: The cell that defines it, shortened if it is very long.
        behavior: What it does on each probe, as `autograder.faults.behavior` writes it.
    """

    cluster: str
    stem: str
    exercise: str
    learner: str
    source: str
    counterexample: str
    behavior: list[dict[str, object]]


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Learners who share a mistake that has no name, and one of their answers."""

    cluster: str
    stem: str
    exercise: str
    learners: list[str]
    example: Unexplained


class SimilarPair(msgspec.Struct, frozen=True, kw_only=True):
    """Two answers that are more alike than the sheet explains; a question, never a mark.

    Attributes:
        second: The other learner; empty if it is the published solution.
        share: How much of the shorter answer's own text is in the other one, from 0 to 1.
        exercises: Where they are alike.
    """

    stem: str
    first: str
    second: str
    share: float
    exercises: list[str]


class ClassResults(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run: the content of ``results.json``."""

    schema: int = SCHEMA
    isolation: str
    seed: int
    submissions: list[SubmissionResult]


class ResultsError(ValueError):
    """A file of results that cannot be read; the message says what to do."""


def encode(results: ClassResults) -> bytes:
    """Return ``results`` as the bytes of ``results.json``."""
    file = io.BytesIO()
    write(file, results.submissions, isolation=results.isolation, seed=results.seed)
    return file.getvalue()


def write(
    file: BinaryIO, submissions: Iterable[SubmissionResult], *, isolation: str, seed: int
) -> None:
    """Write ``results.json`` one submission at a time, each on a line of its own."""
    head = {"schema": SCHEMA, "isolation": isolation, "seed": seed}
    file.write(msgspec.json.encode(head)[:-1] + b', "submissions": [')
    before = b"\n"
    for submission in submissions:
        file.write(before + msgspec.json.encode(submission))
        before = b",\n"
    file.write(b"\n]}\n")


def encode_list(entries: Sequence[msgspec.Struct]) -> bytes:
    """Return clusters or similar pairs as a JSON list, one entry a line."""
    return b"[" + b",".join(b"\n" + msgspec.json.encode(entry) for entry in entries) + b"\n]\n"


def load_clusters(directory: Path) -> list[Cluster]:
    """Return the mistakes without a name of a graded class; none where there is no such file.

    Raises:
        ResultsError: If the file is there and cannot be read.
    """
    return _load_list(directory / "unexplained.json", list[Cluster])


def load_similar(directory: Path) -> list[SimilarPair]:
    """Return the similar answers of a graded class; see `load_clusters`."""
    return _load_list(directory / "similar.json", list[SimilarPair])


def _load_list(path: Path, kind: type[T]) -> T:
    if not path.exists():
        return kind()
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise ResultsError(
            f"{path} cannot be read: {error}. Run `autograder grade` again."
        ) from None


def load(path: Path) -> ClassResults:
    """Read ``results.json``.

    Raises:
        ResultsError: If the file is missing, is not such a file, or has another schema.
    """
    try:
        results = msgspec.json.decode(path.read_bytes(), type=ClassResults)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}. Run `autograder grade` first."
        raise ResultsError(message) from None
    except msgspec.DecodeError as error:
        raise ResultsError(f"{path} is not a file of results: {error}") from None
    if results.schema != SCHEMA:
        raise ResultsError(f"{path} has schema {results.schema}; this version reads {SCHEMA}")
    return results
