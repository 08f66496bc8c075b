"""Grade a folder of notebooks and leave behind everything that people need."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

import attnbook
from autograder import checks, faults
from autograder.checks.session import CheckSession, sheets, with_checks
from autograder.exports import grades_csv
from autograder.files import replace_file
from autograder.gradebook import Gradebook
from autograder.grading.journal import Journal, RunIdentity, identity_of
from autograder.grading.lane import Task
from autograder.grading.lanes import grade_all
from autograder.reports import write_reports
from autograder.results import ClassResults, SubmissionResult, encode
from autograder.sandbox import Isolation
from autograder.submission import SubmissionFile, digest_of, find_submissions

Progress = Callable[[int, int], None]


class GradingError(ValueError):
    """A class that cannot be graded; the message says what to do."""


def grade(  # noqa: PLR0913 - each is a choice of the command line
    submissions: Path,
    out: Path,
    *,
    isolation: Isolation,
    lanes: int = 1,
    seed: int | None = None,
    gradebook: str | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[ClassResults, list[str]]:
    """Grade ``submissions/<learner>/<stem>.ipynb`` and write results, reports and gradebook.

    Notebooks that an earlier run into the same folder has graded, with the same seed
    and checks, are not graded again.

    Args:
        submissions: The folder of the class.
        out: Where results.json, grades.csv, index.html and reports/ go.
        isolation: What this machine offers; see `autograder.sandbox.find_isolation`.
        lanes: How many notebooks are graded at once.
        seed: Where the inputs of the checks are drawn from; if not given, that of an
            earlier run into ``out``, else a new one that nobody can foresee.
        gradebook: SQLAlchemy URL of the gradebook; a SQLite file in ``out`` by default.
        progress: Called with (done, total) whenever a notebook is graded.

    Returns:
        The results, and notes on files in the folder that are no submissions.

    Raises:
        GradingError: If there is nothing to grade.
    """
    folder = find_submissions(submissions, sheets())
    if not folder.files:
        raise GradingError(_nothing(submissions, folder.notes))
    path, default = out / ".journal.jsonl", out / "gradebook.sqlite"
    earlier = identity_of(path)
    if seed is None:
        seed = earlier.seed if earlier else secrets.randbelow(2**31)
    identity = RunIdentity(seed=seed, isolation=isolation.value, rules=rules())
    # The gradebook is opened first: an address that is wrong should not cost a class's time.
    with Journal(path, identity) as journal, Gradebook(gradebook or default) as book:
        results = _graded(folder.files, journal, lanes, isolation, seed, progress)
        book.record(results, seed=seed, isolation=isolation.value)
    course = ClassResults(isolation=isolation.value, seed=seed, submissions=results)
    replace_file(out / "results.json", encode(course))
    replace_file(out / "grades.csv", grades_csv(course))
    write_reports(course, out)
    return course, folder.notes


def worth(stems: Iterable[str]) -> dict[str, float]:
    """Return how many points each sheet gives in all, by stem."""
    points: dict[str, float] = {}
    for stem in stems:

        def add(checks: CheckSession, stem: str = stem) -> None:
            points[stem] = sum(
                check.points for name in checks.exercises() for check in checks.checks(name)
            )

        with_checks([stem], add)
    return points


def rules() -> str:
    """Return a digest of everything that decides a mark, so that a change means grading anew."""
    digest = hashlib.sha256()
    for package in (checks, faults, attnbook):
        for file in sorted(Path(package.__path__[0]).rglob("*.py")):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _graded(
    files: list[SubmissionFile],
    journal: Journal,
    lanes: int,
    isolation: Isolation,
    seed: int,
    progress: Progress,
) -> list[SubmissionResult]:
    """Return the results of ``files``, in their order, from the journal or graded now."""
    done: dict[tuple[str, str], SubmissionResult] = {}
    tasks = []
    for file in files:
        if (result := _found(file, journal)) is not None:
            done[(file.learner, file.stem)] = result
        else:
            tasks.append(Task(file.learner, file.stem, str(file.path)))
    total = len(files)
    progress(len(done), total)
    stems = {file.stem for file in files}
    graded = grade_all(tasks, lanes=lanes, isolation=isolation, seed=seed, worth=worth(stems))
    for result in graded:
        journal.add(result)
        done[(result.learner, result.stem)] = result
        progress(len(done), total)
    return [done[(file.learner, file.stem)] for file in files]


def _found(file: SubmissionFile, journal: Journal) -> SubmissionResult | None:
    """Return the journal's result for exactly this notebook."""
    if journal.is_empty():
        return None
    return journal.find(file.learner, file.stem, digest_of(file.path))


def _nothing(submissions: Path, notes: list[str]) -> str:
    rule = (
        f"no submission in {submissions}: a class is a folder with one folder for each learner, "
        f"and in it one notebook for each sheet, such as ada/{sheets()[0]}.ipynb"
    )
    return "\n".join([rule, *(f"  {note}" for note in notes)])
