"""Entering attempts: once, again, changed, and by several programs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.gradebook import Gradebook, GradebookError


def record(gradebook, *results, seed=7, isolation="full"):
    return gradebook.record(results, seed=seed, isolation=isolation)


def test_what_was_recorded_is_what_comes_back(gradebook, graded):
    ada, ben = graded("ada", causal=1.0), graded("ben")
    assert record(gradebook, ada, ben) == 2
    assert [attempt.result for attempt in gradebook.attempts()] == [ada, ben]
    assert {(one.seed, one.isolation, one.counts) for one in gradebook.attempts()} == {
        (7, "full", True)
    }


def test_the_same_attempt_recorded_twice_changes_nothing(gradebook, graded):
    record(gradebook, graded(causal=1.0))
    before = gradebook.attempts()
    assert record(gradebook, graded(causal=1.0, seconds=9.9)) == 0
    assert gradebook.attempts() == before


@pytest.mark.parametrize(
    ("change", "seed"), [({}, 8), ({"digest": "d2"}, 7), ({"stem": "masks"}, 7)]
)
def test_another_seed_notebook_or_sheet_is_another_attempt(gradebook, graded, change, seed):
    record(gradebook, graded())
    record(gradebook, graded(**change), seed=seed)
    assert len(gradebook.attempts()) == 2


def test_corrected_checks_replace_the_verdict_of_the_same_attempt(gradebook, graded):
    record(gradebook, graded(causal=0.0))
    assert record(gradebook, graded(causal=3.0)) == 1
    (attempt,) = gradebook.attempts()
    assert attempt.result == graded(causal=3.0)


def test_the_attempt_recorded_last_counts_also_when_a_notebook_is_put_back(gradebook, graded):
    first, second = graded(causal=3.0, digest="d1"), graded(causal=0.0, digest="d2")
    record(gradebook, first)
    record(gradebook, second)
    assert gradebook.final_score("ada", "attention").score == 3.0
    record(gradebook, first)
    assert gradebook.final_score("ada", "attention").score == 6.0
    assert [one.counts for one in gradebook.attempts()] == [False, True]


def test_attempts_can_be_asked_for_by_learner_and_by_sheet(gradebook, graded):
    record(gradebook, graded("ada"), graded("ben"), graded("ada", "masks"))
    assert len(gradebook.attempts("ada")) == 2
    assert len(gradebook.attempts(stem="attention")) == 2
    assert [one.result.learner for one in gradebook.attempts("ben", "attention")] == ["ben"]
    assert gradebook.attempts("nobody") == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Ada Lovelace",
        "=1+1",
        "<b>",
        "a'); DROP TABLE learner; --",
        "../x",
        "名前",
        "é" * 300,
    ],
)
def test_a_learners_name_is_data(gradebook, graded, name):
    record(gradebook, graded(name))
    assert [one.result.learner for one in gradebook.attempts(name)] == [name]


def test_names_that_differ_in_case_or_blanks_are_different_learners(gradebook, graded):
    names = ["ada", "Ada", "ada ", "ADA"]
    record(gradebook, *map(graded, names))
    assert sorted(one.result.learner for one in gradebook.attempts()) == sorted(names)


def test_a_learner_without_an_attempt_is_named_in_the_error(gradebook, graded):
    record(gradebook, graded("ben"))
    gradebook.enroll("ada")
    with pytest.raises(GradebookError, match="no attempt of 'ada' at 'attention'"):
        gradebook.final_score("ada", "attention")


def test_results_may_come_as_a_stream_longer_than_a_batch(gradebook, graded):
    assert gradebook.record((graded(f"l{i}") for i in range(230)), seed=7, isolation="full") == 230
    assert len(gradebook.attempts()) == 230


def test_a_stream_that_breaks_off_keeps_whole_batches_and_goes_on_later(gradebook, graded):
    everyone = [graded(f"l{i:03}", causal=float(i % 4)) for i in range(150)]

    def broken():
        yield from everyone[:120]
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        gradebook.record(broken(), seed=7, isolation="full")
    assert [one.result for one in gradebook.attempts()] == everyone[:100]
    assert gradebook.record(everyone, seed=7, isolation="full") == 50
    assert [one.result for one in gradebook.attempts()] == everyone


def test_several_programs_may_record_at_the_same_time(url, graded):
    def enter(first):
        with Gradebook(url) as book:
            for i in range(first, 40, 4):
                book.record([graded(f"l{i}"), graded("shared")], seed=7, isolation="full")

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(enter, range(4)))
    with Gradebook(url) as book:
        assert len(book.attempts()) == 41


def test_a_gradebook_opened_again_holds_what_was_entered(url, graded):
    with Gradebook(url) as book:
        record(book, graded())
        book.set_manual_mark("ada", "attention", 1.0)
    with Gradebook(url) as book:
        assert book.final_score("ada", "attention").score == 1.0
