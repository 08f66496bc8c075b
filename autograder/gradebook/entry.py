"""Entering a batch of attempts: a few statements for all of them, whatever their number."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from autograder.gradebook import conversion, enrollment
from autograder.gradebook.columns import now
from autograder.gradebook.naming import learner_ids, sheet_ids, table_of
from autograder.gradebook.reading import Owner
from autograder.gradebook.schema import AttemptRow, CheckRow, ExerciseRow, RecordingRow
from autograder.results import SubmissionResult

Key = tuple[str, str, str]  # the notebook's digest, the run's seed, the verdict's fingerprint


@dataclasses.dataclass(frozen=True)
class Run:
    """What is the same for all results of a run: how they were graded, and who enters them."""

    course_id: int
    seed: str
    isolation: str
    who: str


@dataclasses.dataclass
class _Known:
    """What the gradebook holds of one learner and sheet.

    Attributes:
        ids: Of the attempts that are in the database.
        latest: The attempt that was recorded last.
        submitted: When each notebook was first handed in, by its digest.
    """

    ids: dict[Key, int] = dataclasses.field(default_factory=dict)
    latest: Key | None = None
    submitted: dict[str, dt.datetime] = dataclasses.field(default_factory=dict)

    def recorded(self, key: Key, submitted: dt.datetime | None) -> bool:
        """Take note that an attempt is recorded, and return whether that says anything new."""
        first = self.submitted.get(key[0])
        says_new = self.latest != key
        if submitted is not None and (first is None or submitted < first):
            self.submitted[key[0]] = submitted
            says_new = True
        self.latest = key
        return says_new


@dataclasses.dataclass(frozen=True)
class _Entry:
    """One result that says something new."""

    owner: Owner
    key: Key
    submitted: dt.datetime | None
    result: SubmissionResult


def enter(session: Session, results: Iterable[SubmissionResult], run: Run) -> int:
    """Write a batch and return how many attempts changed the gradebook.

    Nothing changes where the same verdict is known and is the latest already.
    """
    results = [conversion.storable_result(result) for result in results]
    learners = learner_ids(session, (one.learner for one in results))
    sheets = sheet_ids(session, run.course_id, (one.stem for one in results))
    enrollment.enroll_new(session, run.course_id, learners.values(), run.who)
    known = _known(session, learners.values(), sheets.values())
    entries = []
    for result in results:
        owner = learners[result.learner], sheets[result.stem]
        key = result.digest, run.seed, conversion.fingerprint(result, run.isolation)
        submitted = conversion.moment(result.submitted)
        if known.setdefault(owner, _Known()).recorded(key, submitted):
            entries.append(_Entry(owner, key, submitted, result))
    _write_attempts(session, entries, known, run)
    _write_recordings(session, entries, known, run)
    return len(entries)


def _known(session: Session, learners: Iterable[int], sheets: Iterable[int]) -> dict[Owner, _Known]:
    row = AttemptRow
    query = (
        select(row.learner_id, row.sheet_id, row.digest, row.seed, row.fingerprint, row.id)
        .add_columns(RecordingRow.submitted_at)
        .join(RecordingRow, RecordingRow.attempt_id == row.id)
        .where(row.learner_id.in_(set(learners)), row.sheet_id.in_(set(sheets)))
        .order_by(RecordingRow.id)
    )
    known: dict[Owner, _Known] = {}
    for learner, sheet, digest, seed, fingerprint, attempt_id, submitted in session.execute(query):
        state = known.setdefault((learner, sheet), _Known())
        state.recorded((digest, seed, fingerprint), submitted)
        state.ids[digest, seed, fingerprint] = attempt_id
    return known


def _write_attempts(
    session: Session, entries: Sequence[_Entry], known: dict[Owner, _Known], run: Run
) -> None:
    """Write the attempts that are new, with what belongs to them; their ids become known."""
    new = {
        (*entry.owner, *entry.key): entry.result
        for entry in entries
        if entry.key not in known[entry.owner].ids
    }
    if not new:
        return
    names = ("learner_id", "sheet_id", "digest", "seed", "fingerprint")
    rows = [
        conversion.attempt_values(result)
        | {"isolation": run.isolation}
        | dict(zip(names, identity, strict=True))
        for identity, result in new.items()
    ]
    table = table_of(AttemptRow)
    inserting = insert(table).returning(table.c.id, *(table.c[name] for name in names))
    exercises, checks = [], []
    for attempt_id, learner, sheet, *key in session.execute(inserting, rows):
        known[learner, sheet].ids[key[0], key[1], key[2]] = attempt_id
        result = new[learner, sheet, key[0], key[1], key[2]]
        exercises += conversion.exercise_values(attempt_id, result)
        checks += conversion.check_values(attempt_id, result)
    if exercises:
        session.execute(insert(table_of(ExerciseRow)), exercises)
    if checks:
        session.execute(insert(table_of(CheckRow)), checks)


def _write_recordings(
    session: Session, entries: Sequence[_Entry], known: dict[Owner, _Known], run: Run
) -> None:
    rows = [
        {
            "attempt_id": known[entry.owner].ids[entry.key],
            "submitted_at": entry.submitted,
            "recorded_at": now(),
            "recorded_by": run.who,
        }
        for entry in entries
    ]
    if rows:
        session.execute(insert(table_of(RecordingRow)), rows)
