"""Exceptions of a learner's code as data."""

from __future__ import annotations

import builtins
import traceback

from .cells import cell_filename
from .messages import Failure

_MAX_MESSAGE = 2000
_MAX_TRACEBACK = 8192
_MAX_TYPE_NAME = 100
_LEARNER_FILES = cell_filename(0).partition("0")[0]
_MEMORY_MESSAGES = (
    "can't allocate memory",
    "Cannot allocate memory",
    "unable to mmap",
    "Unable to allocate",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether ``error`` is Python's or torch's way to report that memory ran out."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(
        sign in _text(error) for sign in _MEMORY_MESSAGES
    )


def describe(error: BaseException) -> Failure:
    """Return what may be told about an exception, bounded."""
    lineage = [
        base.__name__ for base in type(error).__mro__ if vars(builtins).get(base.__name__) is base
    ]
    name = _printable(type(error).__name__)[:_MAX_TYPE_NAME] or "Exception"
    return Failure(name, lineage[:16], _text(error)[:_MAX_MESSAGE], _learner_traceback(error))


def _learner_traceback(error: BaseException) -> str:
    """Format the learner's frames alone: where the library was when it failed helps nobody."""
    try:
        summary = traceback.TracebackException.from_exception(error, limit=-200)
        frames = [frame for frame in summary.stack if frame.filename.startswith(_LEARNER_FILES)]
        summary.stack = traceback.StackSummary.from_list(frames)
        summary.__cause__ = summary.__context__ = None
        return _printable("".join(summary.format()))[-_MAX_TRACEBACK:]
    except Exception:
        return ""


def _text(error: BaseException) -> str:
    try:
        return _printable(str(error))
    except Exception:
        return "(the exception has no readable message)"


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
