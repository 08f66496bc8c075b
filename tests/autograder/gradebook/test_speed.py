"""A large class: entering and reading it cost a little for each submission, however many."""

from __future__ import annotations

import gc
import time

import msgspec
import pytest
import sqlalchemy

from autograder.gradebook import Gradebook
from autograder.results import CheckResult, CheckStatus, ExerciseResult, ExerciseStatus

pytestmark = pytest.mark.slow
MOST_MS = 2.0


def check(number):
    return CheckResult(
        name=f"a query never sees key {number} of those that come later",
        status=CheckStatus.FAILED,
        points=0.25,
        max_points=0.375,
        message="expected 0.25, got 0.5 at [0, 1, 2]",
    )


def exercise(number):
    return ExerciseResult(
        name=f"exercise_{number}",
        status=ExerciseStatus.FAILED,
        score=1.0,
        max_score=3.0,
        diagnosis=["sees one position ahead"],
        hint="Which key does query 0 see?",
        checks=[check(place) for place in range(8)],
        counterexample="causal_mask(3)\n\nexpected …",
    )


@pytest.fixture
def large_class(graded):
    """Return a function that makes as many results as asked, with 4 × 8 checks each."""
    exercises = [exercise(number) for number in range(4)]

    def make(size):
        return [
            msgspec.structs.replace(
                graded(f"learner {number:05}"), digest=f"{number:064x}", exercises=exercises
            )
            for number in range(size)
        ]

    return make


def cpu_ms(action, size):
    """Return the CPU time of an action in milliseconds for each submission."""
    gc.collect()  # what others left behind is not paid for here
    start = time.process_time()
    action()
    return (time.process_time() - start) / size * 1000


def costs(url, results):
    with Gradebook(url) as book:
        return {
            name: cpu_ms(action, len(results))
            for name, action in {
                "record": lambda: book.record(results, seed=7, isolation="full"),
                "record again": lambda: book.record(results, seed=7, isolation="full"),
                "attempts": book.attempts,
                "grades": book.grades,
                "history": book.history,
            }.items()
        }


def test_a_class_of_300_is_recorded_in_2_ms_of_cpu_for_each_submission(url, large_class):
    found = costs(url, large_class(300))
    print({name: round(cost, 3) for name, cost in found.items()})
    assert max(found.values()) < MOST_MS


def test_ten_times_the_class_costs_no_more_for_each_submission(file_url, large_class, tmp_path):
    few = costs(file_url, large_class(300))
    many = costs(f"sqlite:///{tmp_path / 'many.db'}", large_class(3000))
    print({name: (round(few[name], 3), round(many[name], 3)) for name in few})
    # A fixed cost makes the few dearer; what is more than linear would make the many so.
    assert all(many[name] < 2 * few[name] + 0.05 for name in few)


def test_the_number_of_statements_does_not_grow_with_the_class(file_url, large_class):
    with Gradebook(file_url) as book:
        counts = []
        for size in (100, 200):
            book.record(large_class(size), seed=7, isolation="full")
            sent = []

            def note(*arguments, into=sent):
                into.append(arguments[2])

            sqlalchemy.event.listen(book._engine, "before_cursor_execute", note)
            book.attempts()
            book.grades()
            sqlalchemy.event.remove(book._engine, "before_cursor_execute", note)
            counts.append(len(sent))
    assert counts[0] == counts[1] < 30
