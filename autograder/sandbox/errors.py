"""What can go wrong with a submission, and what can go wrong with the sandbox."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from functools import cache
from typing import Literal

LostStatus = Literal["timeout", "crashed"]


class IsolationRefused(RuntimeError):
    """This machine cannot isolate a submission; the message says why and what to do."""


class MissingName(AttributeError):
    """The submission does not define a name."""


class WorkerLost(Exception):
    """The process that held the submission is gone; ``Student.restart`` begins another.

    Attributes:
        message: Why, in plain language.
        status: ``timeout`` or ``crashed``.
    """

    def __init__(self, message: str, status: LostStatus) -> None:
        super().__init__(message)
        self.message = message
        self.status: LostStatus = status


class StudentError(Exception):
    """The learner's code raised an exception; this is one of the same builtin type, too.

    Attributes:
        kind: Name of the exception's type.
        message: Its message.
        traceback: The frames in the notebook's cells, formatted.
    """

    def __init__(self, kind: str, message: str, traceback: str) -> None:
        Exception.__init__(self, f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.traceback = traceback

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


@dataclass(frozen=True)
class CellError:
    """A code cell that failed; ``cell`` counts code cells from 1."""

    cell: int
    kind: str
    message: str
    traceback: str = ""


def student_error(kind: str, lineage: list[str], message: str, traceback: str) -> StudentError:
    """Return a StudentError that is also of the nearest builtin exception type in ``lineage``."""
    for name in lineage:
        builtin = vars(builtins).get(name)
        # An Exception: what is none (KeyboardInterrupt, SystemExit, GeneratorExit) would pass by
        # whoever catches errors here, and end the grader.
        if not (isinstance(builtin, type) and issubclass(builtin, Exception)):
            continue
        try:
            return _combined_type(name)(kind, message, traceback)
        except TypeError:
            # Types whose memory cannot be combined, or made from other arguments (ExceptionGroup).
            continue
    return StudentError(kind, message, traceback)


@cache
def _combined_type(builtin_name: str) -> type[StudentError]:
    builtin = vars(builtins)[builtin_name]
    if builtin is Exception:
        return StudentError
    return type(f"Student{builtin.__name__}", (StudentError, builtin), {})
