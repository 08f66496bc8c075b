"""What a graded submission is made of: the record that reports, exports and the gradebook share.

The JSON form is a stable format (``results.json``); other programs read it.
"""

from __future__ import annotations

import enum
from pathlib import Path

import msgspec

SCHEMA = 1


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


class SubmissionResult(msgspec.Struct, frozen=True, kw_only=True):
    """One learner's notebook for one sheet.

    Attributes:
        seconds: Wall-clock time that grading took.
        flags: Things for a person to look at; they never change a mark.
        digest: SHA-256 of the notebook's bytes, so that a run can tell what it has graded.
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


class ClassResults(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run: the content of ``results.json``."""

    schema: int = SCHEMA
    isolation: str
    seed: int
    submissions: list[SubmissionResult]


class ResultsError(ValueError):
    """A file of results that cannot be read; the message says what to do."""


def encode(results: ClassResults) -> bytes:
    """Return ``results`` as indented JSON, the bytes of ``results.json``."""
    return msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n"


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
