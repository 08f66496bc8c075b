"""Which attempt counts, and in what order marks and the late rule apply."""

from __future__ import annotations

import datetime as dt

import pytest

from autograder.gradebook import Extension, Late, ManualMark, SheetRules, explain
from autograder.gradebook.scores import Verdict, final_score

DUE = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ADA = ("ada", "attention")


def verdict(score=6.0, *, late=None, digest="d1"):
    submitted = None if late is None else DUE + late
    exercises = {"causal_mask": score / 2, "padding_mask": score / 2}
    return Verdict(score, 10.0, digest, exercises, submitted)


def mark(score, exercise=None, digest="d1", comment=""):
    return ManualMark(exercise, score, comment, digest, DUE, "kim")


def rules(late="per_day", parameter=0.5, counting="latest"):
    return SheetRules(DUE, Late(late, parameter), counting)


@pytest.mark.parametrize(
    ("late", "score"), [(None, 6), (-DAY, 6), (0 * DAY, 6), (DAY / 2, 3), (DAY * 1.5, 0)]
)
def test_the_late_rule_applies_from_the_due_date_on_if_the_time_is_known(late, score):
    assert final_score(ADA, [verdict(late=late)], rules=rules()).score == score


def test_the_late_rule_applies_to_the_score_with_the_marks_on_exercises():
    final = final_score(ADA, [verdict(late=DAY)], [mark(5.0, "causal_mask")], rules())
    assert (final.automatic, final.before_late, final.score) == (6, 8, 4)


def test_a_mark_on_the_whole_sheet_is_the_last_word():
    final = final_score(ADA, [verdict(late=DAY)], [mark(5.0)], rules())
    assert (final.before_late, final.score) == (5, 5)


def test_an_extension_replaces_the_due_date_to_either_side():
    later, earlier = Extension(DUE + 2 * DAY, ""), Extension(DUE - 2 * DAY, "")
    attempt = [verdict(late=DAY)]
    assert final_score(ADA, attempt, rules=rules(), extension=later).score == 6
    assert final_score(ADA, attempt, rules=rules(), extension=earlier).lateness == 3 * DAY


def test_the_latest_attempt_counts_unless_the_best_one_shall():
    attempts = [verdict(8.0), verdict(4.0)]
    assert final_score(ADA, attempts, rules=rules()).score == 4
    best = final_score(ADA, attempts, rules=rules(counting="best"))
    assert (best.score, best.attempt, best.attempts) == (8, 1, 2)


def test_the_best_attempt_is_the_one_worth_most_after_its_own_lateness():
    attempts = [verdict(5.0, late=-DAY), verdict(8.0, late=DAY)]
    assert final_score(ADA, attempts, rules=rules(counting="best")).score == 5
    assert final_score(ADA, attempts, rules=rules("cut_off", 0, "best")).attempt == 1
    assert final_score(ADA, attempts, rules=rules("no_penalty", 0, "best")).attempt == 2


def test_of_equal_attempts_the_latest_counts():
    assert final_score(ADA, [verdict(), verdict()], rules=rules(counting="best")).attempt == 2


def test_an_explanation_names_every_step():
    final = final_score(
        ADA,
        [verdict(1.0, digest="d0"), verdict(late=DAY * 1.1)],
        [mark(5.0, "causal_mask", digest="d0", comment="a good idea")],
        rules("per_day", 0.25),
        Extension(DUE + DAY / 2, "ill"),
    )
    by_kim, handed_in = "set 2026-03-01 12:00 UTC by kim", "handed in 2026-03-02 14:24 UTC"
    assert explain(final) == [
        "attempt 2 of 2 counts, the latest: 6 of 10 points by the checks",
        f"causal_mask: 5 by hand in place of 3 ({by_kim}; set on another notebook): a good idea",
        f"due 2026-03-02 00:00 UTC by extension: ill; {handed_in}, 14 h 24 min late",
        "per_day(0.25): 8 becomes 6",
        "final score: 6 of 10",
    ]


@pytest.mark.parametrize(
    ("final", "words"),
    [
        (
            final_score(ADA, [verdict()], rules=rules()),
            "when it was handed in is not known, so it does not count as late",
        ),
        (final_score(ADA, [verdict(late=-DAY)], rules=rules()), "12:00 UTC, on time"),
        (
            final_score(ADA, [verdict(late=DAY)], [mark(3.0)], rules()),
            "a mark on the whole sheet is not reduced",
        ),
        (
            final_score(ADA, [verdict(late=3 * DAY)], rules=rules("no_penalty", 0)),
            "3 d late\nno_penalty: nothing is taken off",
        ),
        (
            final_score(ADA, [verdict()], [mark(None, comment="see me")]),
            "the whole sheet: no mark by hand (set 2026-03-01 12:00 UTC by kim): see me",
        ),
        (final_score(ADA, [verdict()], rules=rules(counting="best")), "1 of 1 counts, the best"),
    ],
)
def test_an_explanation_says_why_nothing_was_taken_off(final, words):
    assert words in "\n".join(explain(final))
