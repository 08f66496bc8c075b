"""Commands that grade: a class, a sample class, and the test of this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.cli.terminal import (
    FAILED,
    FOLDER,
    ISOLATION_REFUSED,
    NEW_FOLDER,
    NOTHING_TO_GRADE,
    load_results,
    progress_bar,
    require_sheet,
    stderr,
    stdout,
    stop,
)

if TYPE_CHECKING:
    from autograder.grading.course import Outcome


@click.command()
@click.argument("submissions", type=FOLDER)
@click.option("--out", required=True, type=NEW_FOLDER, help="Where results and reports go.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), help="Lanes.")
@click.option("--seed", type=int, help="Seed of the checks' inputs; by default a secret one.")
@click.option("--gradebook", metavar="URL", help="SQLAlchemy URL; by default SQLite in --out.")
@click.option("--course", default="default", show_default=True, help="A course of the gradebook.")
@click.option("--dask", default="", metavar="ADDRESS", help="Grade on this scheduler's workers.")
@click.option("--reduced", is_flag=True, help="Accept reduced isolation; every result says so.")
def grade(  # noqa: PLR0913 - each is a choice of the command line
    submissions: Path,
    out: Path,
    jobs: int,
    seed: int | None,
    gradebook: str | None,
    course: str,
    dask: str,
    reduced: bool,
) -> None:
    """Grade SUBMISSIONS/<learner>/<stem>.ipynb, each in isolation.

    A run that was interrupted goes on where it stopped.
    """
    book = {"gradebook": gradebook, "course": course}
    _grade(submissions, out, reduced, lanes=jobs, seed=seed, dask=dask, **book)


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
@click.argument("stems", nargs=-1, metavar="[STEM…]")
@click.option("--out", default="_build/demo", show_default=True, type=NEW_FOLDER)
@click.option("--learners", default=24, show_default=True, type=click.IntRange(5))
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Lanes.")
@click.option("--reduced", is_flag=True, help="Accept reduced isolation.")
def demo(stems: tuple[str, ...], out: Path, learners: int, jobs: int, reduced: bool) -> None:
    """Make a sample class out of known mistakes, grade it and say where its page is.

    The class hands in the sheet on attention, or those that are named.
    """
    from autograder.demo import missed, sample_class, write_class

    stems = stems or ("attention",)
    for stem in stems:
        require_sheet(stem)
    course = {stem: sample_class(stem, learners) for stem in stems}
    for stem, samples in course.items():
        write_class(stem, samples, out / "class")
    _grade(out / "class", out / "graded", reduced, lanes=jobs, seed=7)
    wrong = missed(course, load_results(out / "graded"))
    for line in wrong:
        stderr.print(line, markup=False)
    everybody = [sample for samples in course.values() for sample in samples]
    made = sum(bool(names) for sample in everybody for names in sample.mistakes.values())
    stdout.print(f"{made - len(wrong)} of {made} wrong answers were named as what they are")
    stdout.print("(the class is made of a few answers, so its page calls some of them alike)")
    if wrong:
        sys.exit(1)


def _grade(submissions: Path, out: Path, reduced: bool, **how: Any) -> None:
    from autograder.gradebook import GradebookError
    from autograder.grading.course import GradingError
    from autograder.grading.course import grade as grade_class
    from autograder.grading.lane_handles import GraderFailed
    from autograder.sandbox import Isolation, IsolationRefused, find_isolation

    try:
        if how.get("dask"):
            # The workers isolate, not this machine; one that offers less is not used.
            isolation = Isolation.REDUCED if reduced else Isolation.FULL
        else:
            isolation = find_isolation(allow_reduced=reduced)
        with progress_bar() as show:
            task = show.add_task("grading", total=None)

            def progress(done: int, total: int) -> None:
                show.update(task, completed=done, total=total)

            outcome = grade_class(submissions, out, isolation=isolation, progress=progress, **how)
    except IsolationRefused as error:
        stop(str(error), ISOLATION_REFUSED)
    except GradingError as error:
        stop(str(error), NOTHING_TO_GRADE)
    except GraderFailed as error:
        stop(str(error), FAILED)
    except (GradebookError, OSError) as error:
        stop(str(error), 2)
    except KeyboardInterrupt:
        stop("interrupted; run the same command again to go on where it stopped", 130)
    _summary(outcome, out)


def _summary(outcome: Outcome, out: Path) -> None:
    for note in outcome.notes:
        stderr.print(f"note: {note}", markup=False)
    for message in outcome.unreadable:
        stderr.print(f"unreadable: {message}", markup=False)
    stdout.print(
        f"{outcome.graded} graded, {len(outcome.unreadable)} unreadable, "
        f"isolation: {outcome.isolation}, seed: {outcome.seed}"
    )
    stdout.print(f"the class page is {out / 'index.html'}", markup=False)
