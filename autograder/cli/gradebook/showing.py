"""The commands that tell what a gradebook holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from autograder.cli.gradebook.opening import command, gradebook, opened, where
from autograder.plain_text import printable

if TYPE_CHECKING:
    from autograder.gradebook import FinalScore


@command("show")
@click.option("--learner", metavar="NAME", help="Of this learner only, with reasons.")
@click.option("--sheet", metavar="STEM", help="Of this sheet only.")
def show(where: str, course: str | None, learner: str | None, sheet: str | None) -> None:
    """Show what counts; with --learner also how each number came about."""
    from autograder.gradebook import explain

    with opened(where, course) as book:
        finals = book.final_scores(learner, sheet)
    if learner is None:
        _table([(one.learner, one.stem, score_text(one), _notes(one)) for one in finals])
        return
    for one in finals:
        click.echo(f"{printable(one.learner)}, {printable(one.stem)}: {score_text(one)}")
        for line in explain(one):
            click.echo(f"  {printable(line)}")
    if not finals:
        click.echo("nothing is recorded yet")


@command("history")
@click.option("--learner", metavar="NAME", help="About this learner only.")
@click.option("--sheet", metavar="STEM", help="About this sheet only.")
def history(where: str, course: str | None, learner: str | None, sheet: str | None) -> None:
    """Tell who did what, and when."""
    with opened(where, course) as book:
        events = book.history(learner, sheet)
    _table(
        [
            (f"{one.at:%Y-%m-%d %H:%M:%S} UTC", one.who or "?", one.learner, one.stem, one.what)
            for one in events
        ]
    )


@command("sheets")
def sheets(where: str, course: str | None) -> None:
    """List the sheets and their rules."""
    with opened(where, course) as book:
        found = book.sheets()
    _table(
        [
            (stem, due_text(rules.due), str(rules.late), f"the {rules.counting} attempt counts")
            for stem, rules in found.items()
        ]
    )


@gradebook.command("courses")
@where
@click.option("--add", metavar="NAME", help="Add a course.")
def courses(where: str, add: str | None) -> None:
    """List the courses of a gradebook."""
    with opened(where, None) as book:
        if add is not None:
            book.add_course(add)
        for name in book.courses():
            click.echo(printable(name))


def _table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; a name that holds a line break does not break a row."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(padded).rstrip())
    if not cells:
        click.echo("nothing is recorded yet")


def score_text(final: FinalScore) -> str:
    """Return the number that counts, with the highest possible one."""
    return f"{final.score:g} of {final.max_score:g}"


def due_text(when: dt.datetime | None) -> str:
    """Return when something is due, in UTC."""
    return "no due date" if when is None else f"due {when.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _notes(final: FinalScore) -> str:
    notes = {
        "late": final.lateness > dt.timedelta(0),
        "extension": final.extension is not None,
        "marked by hand": any(mark.score is not None for mark in final.marks),
        "marked on another notebook": bool(final.outdated),
    }
    return ", ".join(note for note, holds in notes.items() if holds)
