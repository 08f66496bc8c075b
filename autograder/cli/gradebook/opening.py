"""The group of commands, and how each of them opens the gradebook it is given."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.terminal import USAGE, stop
from autograder.plain_text import plain_text

if TYPE_CHECKING:
    from autograder.gradebook import Gradebook

FILE = "gradebook.sqlite"  # as `autograder grade` names it in its folder


@click.group()
def gradebook() -> None:
    """Read a gradebook, and set marks, due dates, extensions and late rules.

    WHERE is a folder that `autograder grade` wrote, a gradebook's file, or a database's URL.
    Nothing is ever overwritten: `history` tells who did what, and when.
    """


where = click.argument("where", metavar="WHERE")
in_course = click.option("--course", metavar="NAME", help="A course other than the default one.")


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Return a decorator that makes a command of the group, with what all of them take."""

    def decorate(function: Callable[..., None]) -> click.Command:
        return gradebook.command(name)(where(in_course(function)))

    return decorate


@contextlib.contextmanager
def opened(where: str, course: str | None) -> Iterator[Gradebook]:
    """Yield the gradebook at a URL, in a file, or in a folder; end the command where that fails."""
    from autograder.gradebook import DEFAULT_COURSE, Gradebook, GradebookError

    try:
        with Gradebook(_address(where), course=course or DEFAULT_COURSE) as book:
            yield book
    except GradebookError as error:
        stop(plain_text(str(error)), USAGE)


def _address(where: str) -> str | Path:
    if "://" in where:
        return where
    path = Path(where)
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        stop(
            f"there is no gradebook {file}: run `autograder grade` first, or give the URL "
            f"of a database",
            USAGE,
        )
    return file


def know(book: Gradebook, stem: str) -> None:
    """Add a sheet that can be graded here, but that nobody has handed in yet."""
    if stem not in book.sheets():
        from autograder.sheets import sheets

        if stem in sheets():
            book.add_sheet(stem)
