"""The command that writes the pages of a graded class again."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.terminal import FOLDER, USAGE, load_results, stop


@click.command()
@click.argument("directory", type=FOLDER)
def report(directory: Path) -> None:
    """Write the pages of a graded class again, from DIRECTORY/results.json."""
    from autograder.reports import write_reports
    from autograder.results import ResultsError, load_clusters, load_similar

    graded = load_results(directory)
    try:
        clusters, similar = load_clusters(directory), load_similar(directory)
    except ResultsError as error:
        stop(str(error), USAGE)
    page = write_reports(
        graded.submissions,
        directory,
        isolation=graded.isolation,
        seed=graded.seed,
        clusters=clusters,
        similar=similar,
    )
    click.echo(page)
