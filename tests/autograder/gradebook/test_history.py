"""Nothing is overwritten: all that happened can be read again."""

from __future__ import annotations

import datetime as dt

import msgspec

from autograder.gradebook import Gradebook
from autograder.gradebook.schema import Base

DUE = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def told(gradebook, *scope):
    return [(one.who, one.learner, one.stem, one.what) for one in gradebook.history(*scope)]


def test_everything_that_happened_is_told_in_order(gradebook, graded):
    submitted = msgspec.structs.replace(graded(causal=0.0, digest="d1"), submitted=DUE.isoformat())
    gradebook.record([submitted], seed=7, isolation="full")
    gradebook.record([graded(digest="d2")], seed=7, isolation="full")
    gradebook.record([submitted], seed=7, isolation="full")
    gradebook.set_manual_mark("ada", "attention", 1.0, exercise="causal_mask", comment="neat")
    gradebook.set_manual_mark("ada", "attention", None, exercise="causal_mask")
    gradebook.set_due("attention", DUE)
    gradebook.set_late_rule("attention", "cut_off", 3)
    gradebook.set_counting("attention", "best")
    gradebook.set_due("attention", None)
    gradebook.extend("ada", "attention", DUE, reason="ill")
    gradebook.extend("ada", "attention", None)
    gradebook.withdraw("ada")
    first = "graded: 3 of 6 (notebook d1, seed 7, isolation full), handed in 2026-03-01 12:00 UTC"
    assert told(gradebook) == [
        ("kim", "ada", "", "joined"),
        ("kim", "ada", "attention", first),
        ("kim", "ada", "attention", "graded: 6 of 6 (notebook d2, seed 7, isolation full)"),
        ("kim", "ada", "attention", f"graded again, the same verdict: {first}"),
        ("kim", "ada", "attention", "1 points by hand on causal_mask: neat"),
        ("kim", "ada", "attention", "no mark by hand on causal_mask"),
        ("kim", "", "attention", "due 2026-03-01 12:00 UTC"),
        ("kim", "", "attention", "late rule cut_off(3)"),
        ("kim", "", "attention", "the best attempt counts"),
        ("kim", "", "attention", "no due date"),
        ("kim", "ada", "attention", "extended to 2026-03-01 12:00 UTC: ill"),
        ("kim", "ada", "attention", "extension taken back"),
        ("kim", "ada", "", "left"),
    ]


def test_a_verdict_that_was_replaced_stays_in_the_history(gradebook, graded):
    for causal in (0.0, 3.0):
        gradebook.record([graded(causal=causal)], seed=7, isolation="full")
    assert len(gradebook.attempts()) == 1
    assert [what.split(" (")[0] for _, _, stem, what in told(gradebook) if stem] == [
        "graded: 3 of 6",
        "graded: 6 of 6",
    ]


def test_a_verdict_that_comes_back_counts_and_is_not_stored_twice(gradebook, graded):
    for causal in (0.0, 3.0, 0.0):
        assert gradebook.record([graded(causal=causal)], seed=7, isolation="full") == 1
    (attempt,) = gradebook.attempts()
    assert attempt.result.score == 3.0
    assert sum(bool(stem) for _, _, stem, _ in told(gradebook)) == 3


def test_the_history_of_one_learner_or_sheet_leaves_out_the_others(gradebook, graded):
    gradebook.record([graded("ada"), graded("ben", "masks")], seed=7, isolation="full")
    gradebook.set_due("masks", DUE)
    assert {(learner, stem) for _, learner, stem, _ in told(gradebook, "ada")} == {
        ("ada", ""),
        ("ada", "attention"),
        ("", "masks"),
    }
    assert {(learner, stem) for _, learner, stem, _ in told(gradebook, None, "masks")} == {
        ("ben", "masks"),
        ("", "masks"),
    }


def test_who_did_it_is_the_account_unless_it_is_said(url, graded, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "lee")
    with Gradebook(url) as book:
        book.record([graded()], seed=7, isolation="full")
        assert {one.who for one in book.history()} == {"lee"}


def test_what_changes_nothing_is_not_told(gradebook, graded):
    for _ in range(2):
        gradebook.record([graded()], seed=7, isolation="full")
        gradebook.set_due("attention", DUE)
        gradebook.extend("ada", "attention", DUE, reason="ill")
        gradebook.enroll("ada")
    assert len(gradebook.history()) == 4


def test_no_row_is_ever_changed_or_removed(gradebook, graded):
    """The statements that are sent hold no UPDATE and no DELETE."""
    import sqlalchemy

    sent = []
    sqlalchemy.event.listen(
        gradebook._engine, "before_cursor_execute", lambda *args: sent.append(args[2])
    )
    for causal in (0.0, 3.0, 0.0):
        gradebook.record([graded(causal=causal)], seed=7, isolation="full")
    gradebook.set_manual_mark("ada", "attention", 1.0)
    gradebook.set_due("attention", DUE)
    gradebook.extend("ada", "attention", DUE)
    gradebook.withdraw("ada")
    written = {
        table.name
        for table in Base.metadata.sorted_tables
        for statement in sent
        if statement.startswith(f"INSERT INTO {table.name} ")
    }
    assert {"attempt", "recording", "manual_mark", "sheet_setting", "extension"} <= written
    assert {statement.split()[0] for statement in sent} <= {"INSERT", "SELECT", "BEGIN"}
