"""Commands for sheets: release them, check one's own notebook."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder.cli.terminal import stdout, stop


@click.command()
@click.argument("stems", nargs=-1, metavar="[STEM…]")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a notebook differs.")
def release(stems: tuple[str, ...], check: bool) -> None:
    """Make the learners' notebooks in book/exercises from solutions."""
    from autograder import release as sheets

    try:
        changes = sheets.compare(stems) if check else sheets.write(stems)
    except sheets.ReleaseError as error:
        stop(str(error), 2)
    for change in changes:
        click.echo(f"{change.path}: {change.what if check else 'written'}")
    if check and changes:
        stop("run `autograder release` and commit what it writes", 1)
    if not changes:
        click.echo("the notebooks are up to date")


@click.command()
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--exercise", "exercises", multiple=True, help="Check this exercise only.")
def check(notebook: Path, exercises: tuple[str, ...]) -> None:
    """Check a notebook of your own: it runs in this process, and no marks are given."""
    from autograder.selfcheck import as_text, check_notebook

    try:
        results = check_notebook(notebook, list(exercises))
    except ValueError as error:
        stop(str(error), 2)
    stdout.print("\n\n".join(map(as_text, results)), markup=False)
    if any(result.score < result.max_score for result in results):
        sys.exit(1)
