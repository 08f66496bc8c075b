"""Grade a folder of notebooks and leave behind everything that people need."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from autograder import results
from autograder.exports import grades_csv
from autograder.faults import MistakesError, outdated
from autograder.files import replace_file, replacing
from autograder.gradebook import Gradebook
from autograder.grading.comparison import Comparison
from autograder.grading.graded import Graded
from autograder.grading.journal import Journal, Key, RunIdentity, identity_of, key
from autograder.grading.lane import Task
from autograder.grading.lanes import being_graded
from autograder.grading.rules import rules
from autograder.reports import write_reports
from autograder.results import SubmissionResult, SubmissionStatus
from autograder.sandbox.levels import Isolation
from autograder.sheets import sheets
from autograder.submission import SubmissionFile, digest_of, find_submissions, handed_in

Progress = Callable[[int, int], None]
Grader = Callable[[Sequence[Task]], AbstractContextManager[Iterator[Graded]]]


class GradingError(ValueError):
    """A class that cannot be graded; the message says what to do."""


@dataclass
class Outcome:
    """How grading a class went.

    Attributes:
        graded: How many notebooks have a result.
        unreadable: What to do about each of the others.
        notes: Files in the folder that are no submissions, and why.
    """

    isolation: str
    seed: int
    graded: int = 0
    unreadable: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def counted(self, result: SubmissionResult) -> SubmissionResult:
        """Take in one more result, and return it."""
        if result.status is SubmissionStatus.UNREADABLE:
            self.unreadable.append(result.message)
        else:
            self.graded += 1
        return result


def grade(  # noqa: PLR0913 - each is a choice of the command line
    submissions: Path,
    out: Path,
    *,
    isolation: Isolation,
    lanes: int = 1,
    dask: str = "",
    seed: int | None = None,
    gradebook: str | None = None,
    course: str = "default",
    progress: Progress = lambda done, total: None,
) -> Outcome:
    """Grade ``submissions/<learner>/<stem>.ipynb`` and write results, reports and gradebook.

    Notebooks that an earlier run into the same folder has graded, with the same seed
    and checks, are not graded again. Results go to disk as they come and are read back one
    at a time, so a class of ten thousand needs little more memory than one of ten.

    Args:
        submissions: The folder of the class.
        out: Where results.json, grades.csv, index.html and reports/ go.
        isolation: What this machine offers; see `autograder.sandbox.find_isolation`.
        lanes: How many notebooks are graded at once on this machine.
        dask: Address of a Dask scheduler whose workers grade in place of this machine.
        seed: Where the inputs of the checks are drawn from; if not given, that of an
            earlier run into ``out``, else a new one that nobody can foresee.
        gradebook: SQLAlchemy URL of the gradebook; a SQLite file in ``out`` by default.
        course: Which of the gradebook's courses the results belong to.
        progress: Called with (done, total) whenever a notebook is graded.

    Raises:
        GradingError: If there is nothing to grade.
        GraderFailed: If no lane can be started, or no worker can grade.
    """
    folder = find_submissions(submissions, sheets())
    if not folder.files:
        raise GradingError(_nothing(submissions, folder.notes))
    path, default = out / ".journal.jsonl", out / "gradebook.sqlite"
    earlier = identity_of(path)
    if seed is None:
        seed = earlier.seed if earlier else secrets.randbelow(2**31)
    identity = RunIdentity(seed=seed, isolation=isolation.value, rules=rules())
    notes = [*folder.notes, *_unused_names({file.stem for file in folder.files})]
    begin = _grader(identity, lanes, dask, notes)
    with Journal(path, identity) as journal, ExitStack() as opened:
        keys, tasks = _found(folder.files, journal)
        # The gradebook is opened while the lanes start, and before any result is taken: an
        # address that is wrong should not cost a class's time.
        with begin(tasks) as graded:
            book = opened.enter_context(Gradebook(gradebook or default, course=course))
            progress(len(keys), len(folder.files))
            for one in graded:
                journal.add(one)
                keys[one.result.learner, one.result.stem] = key(one)
                progress(len(keys), len(folder.files))
        times = [handed_in(file.path) for file in folder.files]
        places = [keys[file.learner, file.stem] for file in folder.files]
        comparison = Comparison(journal[place] for place in places)
        run = Outcome(isolation.value, seed, notes=notes)

        def everyone() -> Iterator[SubmissionResult]:
            for place, time in zip(places, times, strict=True):
                result = comparison.shown(journal[place].result)
                yield msgspec.structs.replace(result, submitted=time)

        book.record(map(run.counted, everyone()), seed=seed, isolation=isolation.value)
        _write(out, everyone, comparison, identity)
    return run


def _write(
    out: Path,
    everyone: Callable[[], Iterator[SubmissionResult]],
    comparison: Comparison,
    run: RunIdentity,
) -> None:
    with replacing(out / "results.json") as file:
        results.write(file, everyone(), isolation=run.isolation, seed=run.seed)
    replace_file(out / "grades.csv", grades_csv(everyone()))
    clusters, similar = comparison.clusters(), comparison.similar()
    replace_file(out / "unexplained.json", results.encode_list(clusters))
    replace_file(out / "similar.json", results.encode_list(similar))
    write_reports(
        everyone(),
        out,
        isolation=run.isolation,
        seed=run.seed,
        clusters=clusters,
        similar=similar,
    )


def _found(
    files: list[SubmissionFile], journal: Journal
) -> tuple[dict[tuple[str, str], Key], list[Task]]:
    """Return which of ``files`` the journal holds, and where; and those that are to be graded."""
    keys: dict[tuple[str, str], Key] = {}
    tasks = []
    for file in files:
        # The digest costs a read of the file: only where there may be a result.
        known = (file.learner, file.stem, digest_of(file.path)) if len(journal) else None
        if known and known in journal:
            keys[file.learner, file.stem] = known
        else:
            tasks.append(Task(file.learner, file.stem, str(file.path)))
    return keys, tasks


def _grader(run: RunIdentity, lanes: int, dask: str, notes: list[str]) -> Grader:
    """Return what grades notebooks: this machine's lanes, or a cluster's workers."""
    isolation, seed = Isolation(run.isolation), run.seed
    if not dask:
        return lambda tasks: being_graded(tasks, lanes=lanes, isolation=isolation, seed=seed)
    # Imported here: grading on one machine needs no Dask.
    from autograder.grading.dask_lanes import grade_on_dask

    return lambda tasks: closing(
        grade_on_dask(dask, tasks, isolation=isolation, seed=seed, note=notes.append)
    )


def _unused_names(stems: Iterable[str]) -> list[str]:
    """Return a note on each mistake that an instructor named and that no longer applies."""
    try:
        return outdated(sorted(stems))
    except MistakesError as error:
        raise GradingError(str(error)) from None


def _nothing(submissions: Path, notes: Iterable[str]) -> str:
    rule = (
        f"no submission in {submissions}: a class is a folder with one folder for each learner, "
        f"and in it one notebook for each sheet, such as ada/{sheets()[0]}.ipynb"
    )
    return "\n".join([rule, *(f"  {note}" for note in notes)])
