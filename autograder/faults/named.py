"""Mistakes that are known by what they do, in files: ``named/<stem>.json``.

They are data: an instructor names a behavior that learners share, and from then on an answer
that does the same on every probe has that name. Nothing of a learner's code is kept or run.
Without torch, as `matching`.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from autograder.faults.model import NamedBehavior

NAMED = Path(__file__).parent / "named"
"""The names that belong to the course itself."""

VARIABLE = "AUTOGRADER_MISTAKES"
"""Environment variable: a folder with an instructor's own names, besides those of the course."""


class MistakesError(ValueError):
    """Named mistakes that cannot be read or written; the message says what to do."""


def folders() -> list[Path]:
    """Return where names are kept: with the course, and in the folder of ``VARIABLE``."""
    own = os.environ.get(VARIABLE)
    return [NAMED, *([Path(own)] if own and Path(own) != NAMED else [])]


def named_files(stem: str = "*") -> list[Path]:
    """Return the files of names for one sheet, or for all: they take part in deciding marks."""
    return [file for folder in folders() for file in sorted(folder.glob(f"{stem}.json"))]


def read_names(file: Path, content: bytes | None = None) -> list[NamedBehavior]:
    """Return the named behaviors of a file.

    Raises:
        MistakesError: If it cannot be read, or is no such file.
    """
    try:
        content = file.read_bytes() if content is None else content
        return msgspec.json.decode(content, type=list[NamedBehavior])
    except OSError as error:
        raise MistakesError(f"cannot read {file}: {error.strerror}") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise MistakesError(
            f"{file} is no file of named mistakes: {error}. Take back the last change to it, or "
            "remove it and name the mistakes again with `autograder name`."
        ) from None
