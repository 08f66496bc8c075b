"""From a path to the code cells of one learner's notebook, or to a message that says why not."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from autograder.plain_text import printable
from autograder.submission.experiments import experiments
from autograder.submission.notebook import code_cells, parse
from autograder.submission.remedies import NotebookError
from autograder.submission.work import Work, work_on

MAX_BYTES = 20 * 2**20
"""Larger notebooks are refused: a sheet with its plots takes well under a megabyte."""


@dataclass(frozen=True)
class Submission:
    """One learner's notebook, ready to be run somewhere else.

    Attributes:
        cells: Source of every code cell, in order.
        digest: SHA-256 of the file's bytes, in hexadecimal.
        notes: What a person should know about the file; none of it changes a mark.
        experiments: Which cells the sheet marks as not graded, by their place, from 0.
        work: What the notebook says of the work on it.
        file: What messages call the file: ``<learner>/<name>``, printable.
    """

    learner: str
    stem: str
    cells: list[str]
    digest: str
    notes: list[str] = field(default_factory=list)
    experiments: frozenset[int] = frozenset()
    work: Work = field(default_factory=Work)
    file: str = ""


@dataclass(frozen=True)
class Unreadable:
    """A file that is no notebook.

    Attributes:
        message: Names the file, the place in it and what to do.
        digest: SHA-256 of the file's bytes; empty when they could not be read.
    """

    learner: str
    stem: str
    message: str
    digest: str = ""


def read_submission(path: Path, learner: str, stem: str) -> Submission | Unreadable:
    """Read one notebook from bytes that may be anything.

    Args:
        path: The file. Whatever stands there instead of a file is reported, not raised.
        learner: Whose it is.
        stem: Which sheet it answers.
    """
    shown = f"{printable(learner)}/{printable(path.name)}"
    digest = ""
    try:
        data = _read_bytes(path)
        digest = hashlib.sha256(data).hexdigest()
        notebook, notes = parse(data)
        cells, cell_notes = code_cells(notebook)
    except NotebookError as error:
        return Unreadable(learner, stem, f"{shown}: {error}", digest)
    notes = [f"{shown}: {note}" for note in [*notes, *cell_notes]]
    found = experiments(notebook)
    return Submission(learner, stem, cells, digest, notes, found, work_on(notebook), shown)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal, as ``read_submission`` reports it.

    Empty when they cannot be read, or are more than ``MAX_BYTES``. Nothing is parsed.
    """
    try:
        return hashlib.sha256(_read_bytes(path)).hexdigest()
    except NotebookError:
        return ""


def _read_bytes(path: Path) -> bytes:
    """Return the bytes of a regular file of at most ``MAX_BYTES``."""
    try:
        # Without O_NONBLOCK a named pipe in place of the notebook would hold the whole class up.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise NotebookError(f"cannot be opened ({error.strerror}). {_remedy(error)}") from None
    try:
        return _read_regular(descriptor)
    except OSError as error:
        raise NotebookError(f"cannot be read ({error.strerror}). {_remedy(error)}") from None
    finally:
        os.close(descriptor)


def _read_regular(descriptor: int) -> bytes:
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise NotebookError("is a folder. Put the notebook itself there.")
    if not stat.S_ISREG(status.st_mode):
        raise NotebookError("is a pipe or a device, not a file. Put the notebook itself there.")
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        size, limit = status.st_size / 2**20, MAX_BYTES // 2**20
        raise NotebookError(
            f"has {size:.1f} MB, and at most {limit} MB are read. Clear all outputs in Jupyter "
            "(Edit, Clear Outputs of All Cells), save and hand it in again."
        )
    return data


def _remedy(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "Give the grader permission to read it (chmod u+r)."
    if isinstance(error, FileNotFoundError):
        return "Hand it in again; a link may point to a file that is not there."
    return "Hand it in again as a plain file."
