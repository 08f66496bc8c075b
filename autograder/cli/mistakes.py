"""Commands for mistakes that have no name yet: list them, and name one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.terminal import FOLDER, NEW_FOLDER, USAGE, stdout, stop

if TYPE_CHECKING:
    from autograder.results import Cluster


@click.command()
@click.argument("directory", type=FOLDER)
@click.argument("cluster", required=False)
def mistakes(directory: Path, cluster: str | None) -> None:
    """List the wrong answers of DIRECTORY that share a mistake without a name.

    With a CLUSTER, show the example in full and how to name it.
    """
    from autograder.faults import MistakesError
    from autograder.faults.naming import find_cluster

    clusters = _clusters(directory)
    try:
        text = _whole(find_cluster(clusters, cluster), directory) if cluster else _list(clusters)
    except MistakesError as error:
        stop(str(error), USAGE)
    stdout.print(text, markup=False)


@click.command()
@click.argument("directory", type=FOLDER)
@click.argument("cluster")
@click.argument("name")
@click.option("--hint", required=True, help="What a learner should think about next.")
@click.option("--read", default="", metavar="LABEL", help="Section to read; else the exercise's.")
@click.option("--into", type=NEW_FOLDER, help="Folder for names of your own.")
def name(directory: Path, cluster: str, name: str, hint: str, read: str, into: Path | None) -> None:
    """Name the mistake that the answers of CLUSTER share; grading again then says it.

    The name is kept with the course, or in the folder --into; grading finds that folder
    through the environment variable AUTOGRADER_MISTAKES.
    """
    from autograder.faults import MistakesError
    from autograder.faults.naming import Naming, find_cluster, name_cluster

    clusters = _clusters(directory)
    try:
        found = find_cluster(clusters, cluster)
        file = name_cluster(found, Naming(name, hint, read), _folder(into))
    except (MistakesError, OSError) as error:
        stop(str(error), USAGE)
    stdout.print(f"{file}: {found.exercise}, {name!r}", markup=False)
    stdout.print(f"grade again, and {_learners(found)} will read it", markup=False)
    if into is not None and into not in _searched():
        stdout.print(f"for that, set AUTOGRADER_MISTAKES={into.resolve()}", markup=False)


def _clusters(directory: Path) -> list[Cluster]:
    from autograder.results import ResultsError, load_clusters

    if not (directory / "unexplained.json").exists():
        stop(f"no class is graded in {directory}: run `autograder grade` first", USAGE)
    try:
        return load_clusters(directory)
    except ResultsError as error:
        stop(str(error), USAGE)


def _folder(into: Path | None) -> Path:
    """Return where a name goes: where it is said, in the instructor's folder, in the course."""
    from autograder.faults import MistakesError
    from autograder.faults.named import NAMED, VARIABLE

    if into is not None:
        return into
    if own := os.environ.get(VARIABLE):
        return Path(own)
    if not (NAMED.parents[2] / "book").is_dir():
        raise MistakesError(
            "this is an installed copy of the course, which an update would replace: "
            "give a folder of your own with --into"
        )
    return NAMED


def _searched() -> list[Path]:
    from autograder.faults.named import folders

    return folders()


def _list(clusters: list[Cluster]) -> str:
    if not clusters:
        return "every wrong answer has a name"
    lines = []
    for one in clusters:
        lines += [f"{_shared(one)} ({one.exercise}, {one.cluster})"]
        lines += [f"    {line}" for line in _example(one)] + [""]
    example = clusters[0].cluster
    return "\n".join([*lines, f"`autograder mistakes DIRECTORY {example}` shows the first one."])


def _whole(one: Cluster, directory: Path) -> str:
    return "\n".join(
        [
            f"{_shared(one)} ({one.exercise}, {one.cluster})",
            f"    {', '.join(one.learners)}",
            "",
            *_example(one),
            "",
            f"The answer of {one.example.learner}:",
            *(f"    {line}" for line in one.example.source.splitlines()),
            "",
            "To give it a name:",
            f'    autograder name {directory} {one.cluster} "what they do" --hint "a question?"',
            "To tell it apart together with other mistakes as well, write a switch for it into",
            f"autograder/faults/implementations/{one.stem}.py and add to the faults of",
            f"{one.exercise} in autograder/faults/{one.stem}.py, or in the folder of that name:",
            '    Fault("what they do", "the switch", "its value", "a question?", "a-label")',
        ]
    )


def _example(one: Cluster) -> list[str]:
    shown = one.example.counterexample
    return shown.splitlines() or ["right on every probe, though not in every check"]


def _shared(one: Cluster) -> str:
    verb = "has" if len(one.learners) == 1 else "share"
    return f"{_learners(one)} {verb} a mistake we have no name for"


def _learners(one: Cluster) -> str:
    count = len(one.learners)
    return "1 learner" if count == 1 else f"{count} learners"
