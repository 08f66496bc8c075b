"""What a run has graded so far, so that a run that was cut off goes on where it stopped.

A file of lines: first what the run is, then one result a line, each written and
synced before the next is graded. A last line that was cut off is not a result.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import msgspec

from autograder.files import replace_file
from autograder.results import SubmissionResult

Key = tuple[str, str, str]


class RunIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What must be equal for an earlier result to be used again.

    Attributes:
        rules: Digest of everything that decides a mark: checks, fault models, reference.
    """

    seed: int
    isolation: str
    rules: str


def key(result: SubmissionResult) -> Key:
    """Return what identifies a graded notebook: learner, sheet and the file's content."""
    return (result.learner, result.stem, result.digest)


class Journal:
    """The results of one run on disk; a context manager.

    Args:
        path: The file. It is made if it is not there, and begun anew if it belongs to
            another run.
        identity: What this run is.
    """

    def __init__(self, path: Path, identity: RunIdentity) -> None:
        self._known: dict[Key, SubmissionResult] = {}
        if path.exists() and identity_of(path) == identity:
            self._read(path)
        # The lines that are whole are written anew: a torn one would spoil the next.
        lines = [msgspec.json.encode(each) for each in (identity, *self._known.values())]
        replace_file(path, b"\n".join([*lines, b""]))
        self._file = path.open("ab")

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def is_empty(self) -> bool:
        """Return whether nothing has been graded yet."""
        return not self._known

    def find(self, learner: str, stem: str, digest: str) -> SubmissionResult | None:
        """Return the result of a notebook that was graded already, None if it was not."""
        return self._known.get((learner, stem, digest))

    def add(self, result: SubmissionResult) -> None:
        """Keep a result; on return it is on disk."""
        self._known[key(result)] = result
        self._file.write(msgspec.json.encode(result) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self, path: Path) -> None:
        for line in path.read_bytes().splitlines()[1:]:
            try:
                result = msgspec.json.decode(line, type=SubmissionResult)
            except msgspec.DecodeError:
                continue  # cut off in the middle of writing: it will be graded again
            self._known[key(result)] = result


def identity_of(path: Path) -> RunIdentity | None:
    """Return what run a journal belongs to; None if there is none, or it cannot be read."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(), type=RunIdentity)
    except (OSError, msgspec.DecodeError):
        return None
