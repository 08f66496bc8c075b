"""The command ``autograder``. Thin: each command calls one function and prints what it did.

Exit codes: 0 done, 1 the files differ (``release --check``) or an answer is wrong
(``check``), 2 usage, 3 nothing to grade, 4 isolation refused. A learner's failure is
never the failure of ``grade``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.results import ClassResults, SubmissionStatus

NOTHING_TO_GRADE = 3
ISOLATION_REFUSED = 4

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW_FOLDER = click.Path(file_okay=False, path_type=Path)

stdout = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="attnbook")
def main() -> None:
    """Release exercise sheets, check answers, and grade a class in isolation."""


@main.command()
@click.argument("stems", nargs=-1, metavar="[STEM…]")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a notebook differs.")
def release(stems: tuple[str, ...], check: bool) -> None:
    """Make the learners' notebooks in book/exercises from solutions."""
    from autograder import release as sheets

    try:
        changes = sheets.compare(stems) if check else sheets.write(stems)
    except sheets.ReleaseError as error:
        _stop(str(error), 2)
    for change in changes:
        click.echo(f"{change.path}: {change.what if check else 'written'}")
    if check and changes:
        _stop("run `autograder release` and commit what it writes", 1)
    if not changes:
        click.echo("the notebooks are up to date")


@main.command()
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--exercise", "exercises", multiple=True, help="Check this exercise only.")
def check(notebook: Path, exercises: tuple[str, ...]) -> None:
    """Check a notebook of your own: it runs in this process, and no marks are given."""
    from autograder.selfcheck import as_text, check_notebook

    try:
        results = check_notebook(notebook, list(exercises))
    except ValueError as error:
        _stop(str(error), 2)
    stdout.print("\n\n".join(map(as_text, results)), markup=False)
    if any(result.score < result.max_score for result in results):
        sys.exit(1)


@main.command()
@click.argument("submissions", type=FOLDER)
@click.option("--out", required=True, type=NEW_FOLDER, help="Where results and reports go.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), help="Lanes.")
@click.option("--seed", type=int, help="Seed of the checks' inputs; by default a secret one.")
@click.option("--gradebook", metavar="URL", help="SQLAlchemy URL; by default SQLite in --out.")
@click.option("--reduced", is_flag=True, help="Accept reduced isolation; every result says so.")
def grade(
    submissions: Path, out: Path, jobs: int, seed: int | None, gradebook: str | None, reduced: bool
) -> None:
    """Grade SUBMISSIONS/<learner>/<stem>.ipynb, each in isolation.

    A run that was interrupted goes on where it stopped.
    """
    _grade(submissions, out, jobs=jobs, seed=seed, gradebook=gradebook, reduced=reduced)


@main.command()
@click.argument("directory", type=FOLDER)
def report(directory: Path) -> None:
    """Write the pages of a graded class again, from DIRECTORY/results.json."""
    from autograder.reports import write_reports

    click.echo(write_reports(_load(directory), directory))


@main.command()
@click.argument("directory", type=FOLDER)
@click.option("--format", "form", type=click.Choice(["csv"]), default="csv", show_default=True)
@click.option("--out", type=click.File("wb"), default="-", help="A file; by default the terminal.")
def export(directory: Path, form: str, out: BinaryIO) -> None:
    """Write the grades of DIRECTORY/results.json in the form that another program reads."""
    from autograder.exports import grades_csv

    formats = {"csv": grades_csv}
    out.write(formats[form](_load(directory)))


@main.command()
@click.option("--reduced", is_flag=True, help="Test reduced isolation where that is all there is.")
def doctor(reduced: bool) -> None:
    """Say what isolation this machine offers, and attack it briefly to see whether it holds."""
    from autograder.sandbox import IsolationRefused, find_isolation, run_self_test

    try:
        isolation = find_isolation(allow_reduced=reduced)
    except IsolationRefused as error:
        _stop(str(error), ISOLATION_REFUSED)
    stdout.print(f"isolation: {isolation.value}")
    with stderr.status("trying to break out…"):
        tests = run_self_test(isolation)
    for test in tests:
        stdout.print(f"  {'held  ' if test.held else 'BROKEN'}  {test.name}", markup=False)
        if not test.held:
            stdout.print(f"          {test.detail}", markup=False)
    if not all(test.held for test in tests):
        _stop("isolation does not hold on this machine: do not grade here", ISOLATION_REFUSED)


@main.command()
@click.option("--out", default="_build/demo", show_default=True, type=NEW_FOLDER)
@click.option("--learners", default=24, show_default=True, type=click.IntRange(5))
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Lanes.")
@click.option("--reduced", is_flag=True, help="Accept reduced isolation.")
def demo(out: Path, learners: int, jobs: int, reduced: bool) -> None:
    """Make a sample class out of known mistakes, grade it and say where its page is."""
    from autograder.demo import missed, sample_class, write_class

    samples = sample_class("attention", learners)
    write_class("attention", samples, out / "class")
    results = _grade(out / "class", out / "graded", jobs=jobs, seed=7, reduced=reduced)
    wrong = missed(samples, results)
    for line in wrong:
        stderr.print(line, markup=False)
    made = sum(bool(names) for sample in samples for names in sample.mistakes.values())
    stdout.print(f"{made - len(wrong)} of {made} wrong answers were named as what they are")
    if wrong:
        sys.exit(1)


def _grade(
    submissions: Path,
    out: Path,
    *,
    jobs: int,
    seed: int | None,
    gradebook: str | None = None,
    reduced: bool,
) -> ClassResults:
    from autograder.gradebook import GradebookError
    from autograder.grading import GradingError
    from autograder.grading import grade as grade_class
    from autograder.sandbox import IsolationRefused, find_isolation

    try:
        isolation = find_isolation(allow_reduced=reduced)
        with _progress() as show:
            task = show.add_task("grading", total=None)

            def progress(done: int, total: int) -> None:
                show.update(task, completed=done, total=total)

            results, notes = grade_class(
                submissions,
                out,
                isolation=isolation,
                lanes=jobs,
                seed=seed,
                gradebook=gradebook,
                progress=progress,
            )
    except IsolationRefused as error:
        _stop(str(error), ISOLATION_REFUSED)
    except GradingError as error:
        _stop(str(error), NOTHING_TO_GRADE)
    except (GradebookError, OSError) as error:
        _stop(str(error), 2)
    except KeyboardInterrupt:
        _stop("interrupted; run the same command again to go on where it stopped", 130)
    _summary(results, notes, out)
    return results


def _summary(results: ClassResults, notes: list[str], out: Path) -> None:
    for note in notes:
        stderr.print(f"note: {note}", markup=False)
    unreadable = [one for one in results.submissions if one.status is SubmissionStatus.UNREADABLE]
    for one in unreadable:
        stderr.print(f"unreadable: {one.message}", markup=False)
    graded = len(results.submissions) - len(unreadable)
    stdout.print(
        f"{graded} graded, {len(unreadable)} unreadable, isolation: {results.isolation}, "
        f"seed: {results.seed}"
    )
    stdout.print(f"the class page is {out / 'index.html'}", markup=False)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=stderr,
        transient=True,
    )


def _load(directory: Path) -> ClassResults:
    from autograder.results import ResultsError, load

    try:
        return load(directory / "results.json")
    except ResultsError as error:
        _stop(str(error), 2)


def _stop(message: str, code: int) -> NoReturn:
    stderr.print(message, markup=False)
    sys.exit(code)
