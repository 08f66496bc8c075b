"""Courses, people, due dates, extensions and late rules, as they are stored."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from autograder.gradebook import Extension, Gradebook, GradebookError, Late, SheetRules
from autograder.results import Grade

DUE = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def handed_in(result, time):
    return msgspec.structs.replace(result, submitted=time.isoformat() if time else "")


@pytest.fixture
def late_ada(gradebook, graded):
    """Return a gradebook with ada's 6 points, a day late, and ben's, in time."""
    gradebook.record(
        [handed_in(graded("ada"), DUE + DAY), handed_in(graded("ben"), DUE)],
        seed=7,
        isolation="full",
    )
    gradebook.set_due("attention", DUE)
    gradebook.set_late_rule("attention", "per_day", 0.5)
    return gradebook


def scores(gradebook):
    return {grade.learner: grade.score for grade in gradebook.grades()}


def test_grades_are_what_counts_with_marks_and_lateness(late_ada):
    late_ada.set_manual_mark("ada", "attention", 1.0, exercise="causal_mask")
    assert late_ada.grades() == [
        Grade(learner="ada", stem="attention", score=2.0, max_score=6.0),
        Grade(learner="ben", stem="attention", score=6.0, max_score=6.0),
    ]


def test_a_due_date_and_an_extension_can_be_taken_back(late_ada):
    assert scores(late_ada) == {"ada": 3, "ben": 6}
    late_ada.extend("ada", "attention", DUE + DAY, reason="ill")
    assert scores(late_ada) == {"ada": 6, "ben": 6}
    assert late_ada.final_score("ada", "attention").extension == Extension(DUE + DAY, "ill")
    late_ada.extend("ada", "attention", None)
    assert scores(late_ada) == {"ada": 3, "ben": 6}
    late_ada.set_due("attention", None)
    assert scores(late_ada) == {"ada": 6, "ben": 6}


def test_a_due_date_of_any_time_zone_is_the_same_moment(late_ada):
    tokyo = dt.timezone(dt.timedelta(hours=9))
    late_ada.set_due("attention", (DUE + DAY).astimezone(tokyo))
    assert late_ada.sheets()["attention"].due == DUE + DAY
    assert scores(late_ada)["ada"] == 6


def test_a_due_date_without_a_time_zone_is_refused(late_ada):
    with pytest.raises(GradebookError, match=r"needs a time zone.*got 2026-03-01T12:00:00"):
        late_ada.set_due("attention", DUE.replace(tzinfo=None))
    with pytest.raises(GradebookError, match="needs a time zone"):
        late_ada.extend("ada", "attention", DUE.replace(tzinfo=None))


def test_a_rule_that_cannot_be_is_not_stored(late_ada):
    for rule, parameter in (("per_day", 2.0), ("no_such", 0.0)):
        with pytest.raises(GradebookError):
            late_ada.set_late_rule("attention", rule, parameter)
    with pytest.raises(GradebookError, match="no way of counting attempts 'beste': did you mean"):
        late_ada.set_counting("attention", "beste")
    assert late_ada.sheets()["attention"] == SheetRules(DUE, Late("per_day", 0.5), "latest")


def test_the_best_attempt_counts_where_the_sheet_says_so(gradebook, graded):
    for causal, digest in ((3.0, "d1"), (0.0, "d2")):
        gradebook.record([graded(causal=causal, digest=digest)], seed=7, isolation="full")
    assert scores(gradebook) == {"ada": 3}
    gradebook.set_counting("attention", "best")
    assert scores(gradebook) == {"ada": 6}
    assert [one.counts for one in gradebook.attempts()] == [True, False]


def test_a_copied_notebook_is_as_old_as_when_it_was_handed_in_first(late_ada, graded):
    early = handed_in(graded("ada", digest="d2"), DUE - DAY)
    late_ada.record([early], seed=7, isolation="full")
    late_ada.record([handed_in(early, DUE + 9 * DAY)], seed=8, isolation="full")
    final = late_ada.final_score("ada", "attention")
    assert (final.attempts, final.submitted, final.score) == (3, DUE - DAY, 6)


def test_a_time_that_becomes_known_later_is_taken_on(gradebook, graded):
    gradebook.record([graded()], seed=7, isolation="full")
    assert gradebook.record([handed_in(graded(), DUE)], seed=7, isolation="full") == 1
    assert gradebook.record([handed_in(graded(), DUE)], seed=7, isolation="full") == 0
    assert gradebook.record([handed_in(graded(), DUE + DAY)], seed=7, isolation="full") == 0
    assert gradebook.final_score("ada", "attention").submitted == DUE
    assert len(gradebook.attempts()) == 1


def test_a_time_of_handing_in_that_is_none_is_refused(gradebook, graded):
    wrong = msgspec.structs.replace(graded(), submitted="yesterday")
    with pytest.raises(GradebookError, match=r"must be ISO 8601.*got 'yesterday'"):
        gradebook.record([wrong], seed=7, isolation="full")


def test_rules_can_be_set_for_a_sheet_that_nobody_has_handed_in(gradebook):
    gradebook.add_sheet("masks")
    gradebook.set_due("masks", DUE)
    gradebook.add_sheet("masks")
    assert gradebook.sheets() == {"masks": SheetRules(DUE)}


def test_an_unknown_sheet_or_learner_is_refused_with_near_names(late_ada):
    with pytest.raises(GradebookError, match="no sheet 'attentoin': did you mean 'attention'"):
        late_ada.set_due("attentoin", DUE)
    with pytest.raises(GradebookError, match="no learner 'Adda': did you mean 'ada'"):
        late_ada.extend("Adda", "attention", DUE)
    with pytest.raises(GradebookError, match="no learner 'zoe': there is 'ada', 'ben'"):
        late_ada.set_manual_mark("zoe", "attention", 1.0)
    late_ada.enroll(*(f"learner {number}" for number in range(9)))
    with pytest.raises(GradebookError, match="there are 11, and none looks like it"):
        late_ada.history("zoe")


def test_whoever_hands_in_takes_part_until_withdrawn(late_ada, graded):
    late_ada.enroll("cy", "ada")
    assert late_ada.learners() == ["ada", "ben", "cy"]
    late_ada.withdraw("ada")
    late_ada.record([graded("ada", digest="d9")], seed=7, isolation="full")
    assert (late_ada.learners(), scores(late_ada)) == (["ben", "cy"], {"ben": 6})
    assert len(late_ada.attempts("ada")) == 2
    late_ada.enroll("ada")
    assert sorted(scores(late_ada)) == ["ada", "ben"]


def test_nobody_leaves_if_one_of_those_named_does_not_take_part(late_ada):
    with pytest.raises(GradebookError, match="no learner 'bea': did you mean 'ben'"):
        late_ada.withdraw("ada", "bea")
    assert late_ada.learners() == ["ada", "ben"]


def test_courses_do_not_mix(url, graded):
    with Gradebook(url) as book:
        book.record([graded()], seed=7, isolation="full")
        book.set_due("attention", DUE)
        book.add_course("nlp 2026")
        book.add_course("nlp 2026")
        assert book.courses() == ["default", "nlp 2026"]
    with Gradebook(url, course="nlp 2026") as book:
        assert (book.attempts(), book.learners(), book.sheets(), book.history()) == ([], [], {}, [])
        book.record([graded(causal=0.0)], seed=7, isolation="full")
        assert scores(book) == {"ada": 3}
        assert book.sheets() == {"attention": SheetRules()}
    with Gradebook(url) as book:
        assert scores(book) == {"ada": 6}


def test_an_unknown_course_is_refused_with_near_names(url):
    with pytest.raises(GradebookError, match="no course 'dfeault1': did you mean 'default'"):
        Gradebook(url, course="dfeault1")


def test_an_account_without_a_name_can_keep_a_gradebook(file_url, graded, monkeypatch):
    def nameless():
        raise OSError("no such account")

    monkeypatch.setattr("getpass.getuser", nameless)
    with Gradebook(file_url) as book:
        book.record([graded()], seed=7, isolation="full")
        assert book.attempts()[0].recorded_by == ""
