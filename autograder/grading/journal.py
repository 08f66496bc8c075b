"""What a run has graded so far, so that a run that was cut off goes on where it stopped.

A file of lines: first what the run is, then one graded notebook a line, each written before
the next is handed out. A last line that was cut off is not a result. The notebooks stay on
disk; in memory is only where each one stands.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from autograder.closing import Closing
from autograder.files import replacing
from autograder.grading.graded import Graded

Key = tuple[str, str, str]
_decoder = msgspec.json.Decoder(Graded)


class RunIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """What must be equal for an earlier result to be used again.

    Attributes:
        rules: Digest of everything that decides a mark: checks, fault models, reference.
    """

    seed: int
    isolation: str
    rules: str


def key(graded: Graded) -> Key:
    """Return what identifies a graded notebook: learner, sheet and the file's content."""
    result = graded.result
    return (result.learner, result.stem, result.digest)


class Journal(Closing):
    """The notebooks that one run has graded, on disk.

    A killed grader loses none of them. A machine that loses its power may lose the last ones,
    which are then graded again.

    Args:
        path: The file. It is made if it is not there, and begun anew if it belongs to
            another run.
        identity: What this run is.
    """

    def __init__(self, path: Path, identity: RunIdentity) -> None:
        self._places: dict[Key, tuple[int, int]] = {}
        self._begin(path, identity)
        self._file = path.open("r+b")
        self._end = self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Put what was written where a loss of power cannot take it."""
        if self._file.closed:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, notebook: Key) -> bool:
        return notebook in self._places

    def __getitem__(self, notebook: Key) -> Graded:
        """Read one notebook's result. Raises KeyError if it was not graded."""
        start, length = self._places[notebook]
        self._file.seek(start)
        return _decoder.decode(self._file.read(length))

    def add(self, graded: Graded) -> None:
        """Keep a result; on return it is out of this process."""
        line = msgspec.json.encode(graded) + b"\n"
        self._file.seek(self._end)
        self._file.write(line)
        self._file.flush()
        self._places[key(graded)] = (self._end, len(line))
        self._end += len(line)

    def _begin(self, path: Path, identity: RunIdentity) -> None:
        """Write the file anew with its whole lines: a torn one would spoil the next."""
        keep = identity_of(path) == identity
        with replacing(path) as file:
            end = file.write(msgspec.json.encode(identity) + b"\n")
            for notebook, line in _whole_lines(path) if keep else ():
                self._places[notebook] = (end, len(line))
                end += file.write(line)


def _whole_lines(path: Path) -> Iterator[tuple[Key, bytes]]:
    with path.open("rb") as file:
        file.readline()
        for line in file:
            try:
                yield key(_decoder.decode(line)), line
            except msgspec.DecodeError:
                continue  # cut off in the middle of writing: it will be graded again


def identity_of(path: Path) -> RunIdentity | None:
    """Return what run a journal belongs to; None if there is none, or it cannot be read."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(), type=RunIdentity)
    except (OSError, msgspec.DecodeError):
        return None
