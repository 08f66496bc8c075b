"""The command that starts a new stem."""

from __future__ import annotations

import click

from autograder.cli.terminal import USAGE, stop


@click.command()
@click.argument("stem")
@click.argument("exercises", nargs=-1, metavar="[EXERCISE…]")
@click.option("--title", default="", help="Heading of the chapter; by default made of STEM.")
def new(stem: str, exercises: tuple[str, ...], title: str) -> None:
    """Make every file that a new chapter with a sheet needs, each failing until it is filled in.

    EXERCISE is the name of a function that learners write, or of a class in CamelCase; by default
    a function called STEM.
    """
    from autograder.authoring import AuthoringError
    from autograder.authoring import new as start

    try:
        files = start(stem, exercises or (stem,), title or stem.replace("_", " ").capitalize())
    except AuthoringError as error:
        stop(str(error), USAGE)
    for number, file in enumerate(files, start=1):
        click.echo(f"{number}. {file}")
    click.echo(
        "entered in _toc.yml and pyproject.toml. Replace every FILL, then: autograder release "
        f"{stem}; make check; pytest tests -k {stem}"
    )
