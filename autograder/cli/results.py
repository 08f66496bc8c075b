"""Commands for a class that is graded: its pages, its grades."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from autograder.cli.terminal import FOLDER, load_results


@click.command()
@click.argument("directory", type=FOLDER)
def report(directory: Path) -> None:
    """Write the pages of a graded class again, from DIRECTORY/results.json."""
    from autograder.reports import write_reports

    click.echo(write_reports(load_results(directory), directory))


@click.command()
@click.argument("directory", type=FOLDER)
@click.option("--format", "form", type=click.Choice(["csv"]), default="csv", show_default=True)
@click.option("--out", type=click.File("wb"), default="-", help="A file; by default the terminal.")
def export(directory: Path, form: str, out: BinaryIO) -> None:
    """Write the grades of DIRECTORY/results.json in the form that another program reads."""
    from autograder.exports import grades_csv

    formats = {"csv": grades_csv}
    out.write(formats[form](load_results(directory)))
