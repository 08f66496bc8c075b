"""What every command prints with, and how it ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.results import ClassResults

FAILED = 1
USAGE = 2
NOTHING_TO_GRADE = 3
ISOLATION_REFUSED = 4

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW_FOLDER = click.Path(file_okay=False, path_type=Path)

stdout = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def progress_bar() -> Progress:
    """Return a bar that shows how many are done, and how long the rest takes."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=stderr,
        transient=True,
    )


def load_results(directory: Path) -> ClassResults:
    """Return what was graded into ``directory``, or end the command and say why not."""
    from autograder.results import ResultsError, load

    try:
        return load(directory / "results.json")
    except ResultsError as error:
        stop(str(error), USAGE)


def stop(message: str, code: int) -> NoReturn:
    """Say why the command cannot go on, and end it with ``code``."""
    stderr.print(message, markup=False)
    sys.exit(code)


def require_sheet(stem: str) -> None:
    """End the command unless there is a sheet of that name."""
    from autograder.sheets import sheets

    if stem not in sheets():
        stop(f"there is no sheet {stem!r}; there is {', '.join(sheets())}", USAGE)
