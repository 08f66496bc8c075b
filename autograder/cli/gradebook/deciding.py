"""The commands that write down what people decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import click

from autograder.cli.gradebook.arguments import Moment, Points
from autograder.cli.gradebook.opening import command, know, opened
from autograder.cli.gradebook.showing import due_text, score_text
from autograder.plain_text import printable

learner_argument = click.argument("learner")
sheet_argument = click.argument("sheet")


@command("mark")
@learner_argument
@sheet_argument
@click.argument("score", type=Points(), metavar="POINTS|none")
@click.option("--exercise", metavar="NAME", help="By default the mark is for the whole sheet.")
@click.option("--comment", default="", help="What the learner should know.")
def mark(  # noqa: PLR0913 - each is a choice of the command line
    where: str,
    course: str | None,
    learner: str,
    sheet: str,
    score: float | None,
    exercise: str | None,
    comment: str,
) -> None:
    """Let POINTS count instead of what the checks gave, now and when graded again.

    A mark on the whole sheet is the last word; on an exercise it replaces that exercise's
    points. `none` withdraws a mark, or only comments.
    """
    with opened(where, course) as book:
        book.set_manual_mark(learner, sheet, score, exercise=exercise, comment=comment)
        final = book.final_score(learner, sheet)
    click.echo(f"{printable(learner)}, {printable(sheet)}: {score_text(final)}")


@command("due")
@sheet_argument
@click.argument("when", type=Moment(), metavar="WHEN|none")
def due(where: str, course: str | None, sheet: str, when: dt.datetime | None) -> None:
    """Say when SHEET is due; what being late costs is set by `late`.

    A date alone is the end of that day; without a time zone, this machine's is meant.
    """
    with opened(where, course) as book:
        know(book, sheet)
        book.set_due(sheet, when)
    click.echo(f"{printable(sheet)}: {due_text(when)}")


@command("extend")
@learner_argument
@sheet_argument
@click.argument("when", type=Moment(), metavar="WHEN|none")
@click.option("--reason", default="", help="Stays in the history.")
def extend(
    where: str,
    course: str | None,
    learner: str,
    sheet: str,
    when: dt.datetime | None,
    reason: str,
) -> None:
    """Give LEARNER a due date of their own for SHEET; `none` takes it back."""
    with opened(where, course) as book:
        know(book, sheet)
        book.extend(learner, sheet, when, reason=reason)
        rule = book.sheets()[sheet].due
    click.echo(f"{printable(learner)}, {printable(sheet)}: {due_text(when or rule)}")


@command("late")
@sheet_argument
@click.argument("rule")
@click.argument("number", type=float, default=0.0, required=False)
def late(where: str, course: str | None, sheet: str, rule: str, number: float) -> None:
    """Say what handing in SHEET late costs.

    RULE is no_penalty; per_day with the share of the score that each begun day costs, such
    as 0.1; or cut_off with the number of days after which nothing counts, such as 3.
    """
    with opened(where, course) as book:
        know(book, sheet)
        book.set_late_rule(sheet, rule, number)
        click.echo(f"{printable(sheet)}: {book.sheets()[sheet].late}")


@command("counts")
@sheet_argument
@click.argument("which", metavar="latest|best")
def counts(where: str, course: str | None, sheet: str, which: str) -> None:
    """Say which attempt at SHEET counts: the one graded last, or the one worth most.

    With `best` each attempt has its own lateness: with the late rule `cut_off 0` it is the
    best of those that were on time.
    """
    with opened(where, course) as book:
        know(book, sheet)
        book.set_counting(sheet, which)
    click.echo(f"{printable(sheet)}: the {which} attempt counts")


@command("enroll")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def enroll(where: str, course: str | None, names: Sequence[str]) -> None:
    """Let learners take part. Whoever hands something in does so without this."""
    with opened(where, course) as book:
        book.enroll(*names)
        click.echo(f"{len(book.learners())} learners take part")


@command("withdraw")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def withdraw(where: str, course: str | None, names: Sequence[str]) -> None:
    """Let learners leave: they have no grades any more, and their attempts stay."""
    with opened(where, course) as book:
        book.withdraw(*names)
        click.echo(f"{len(book.learners())} learners take part")
