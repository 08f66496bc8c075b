"""Commands that grade: a class, a sample class, and the test of this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder.cli.terminal import (
    FOLDER,
    ISOLATION_REFUSED,
    NEW_FOLDER,
    NOTHING_TO_GRADE,
    progress_bar,
    stderr,
    stdout,
    stop,
)
from autograder.results import ClassResults, SubmissionStatus


@click.command()
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


@click.command()
@click.option("--reduced", is_flag=True, help="Test reduced isolation where that is all there is.")
def doctor(reduced: bool) -> None:
    """Say what isolation this machine offers, and attack it briefly to see whether it holds."""
    from autograder.sandbox import IsolationRefused, find_isolation, run_self_test

    try:
        isolation = find_isolation(allow_reduced=reduced)
    except IsolationRefused as error:
        stop(str(error), ISOLATION_REFUSED)
    stdout.print(f"isolation: {isolation.value}")
    with stderr.status("trying to break out…"):
        tests = run_self_test(isolation)
    for test in tests:
        stdout.print(f"  {'held  ' if test.held else 'BROKEN'}  {test.name}", markup=False)
        if not test.held:
            stdout.print(f"          {test.detail}", markup=False)
    if not all(test.held for test in tests):
        stop("isolation does not hold on this machine: do not grade here", ISOLATION_REFUSED)


@click.command()
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
        with progress_bar() as show:
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
        stop(str(error), ISOLATION_REFUSED)
    except GradingError as error:
        stop(str(error), NOTHING_TO_GRADE)
    except (GradebookError, OSError) as error:
        stop(str(error), 2)
    except KeyboardInterrupt:
        stop("interrupted; run the same command again to go on where it stopped", 130)
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
