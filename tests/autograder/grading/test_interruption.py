"""A run that is cut off goes on where it stopped: nothing is graded twice, nothing is lost.

What is killed while it runs is in test_kill.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.grading import lane_handles
from autograder.grading.lane import Task
from autograder.grading.lanes import grade_all
from autograder.sandbox import Isolation

from .conftest import grade_class, hand_in, notebook

LEARNERS = [f"learner {number}" for number in range(3)]
pytestmark = pytest.mark.slow


def test_only_what_was_cut_off_or_handed_in_again_is_graded_again(
    tmp_path: Path, isolation: Isolation
) -> None:
    scores: list[list[float]] = []

    def graded_now() -> int:
        """Grade, and return how many notebooks the journal did not know."""
        calls: list[int] = []
        results = grade_class(
            tmp_path / "in",
            tmp_path / "out",
            isolation=isolation,
            progress=lambda done, total: calls.append(done),
        )
        scores.append([each.score for each in results.submissions])
        return calls[-1] - calls[0]

    for learner in LEARNERS:
        hand_in(tmp_path / "in", learner, notebook())
    assert graded_now() == 3
    assert graded_now() == 0

    path = tmp_path / "out" / ".journal.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert graded_now() == 1

    hand_in(tmp_path / "in", LEARNERS[1], notebook({"causal_mask": None}))
    assert graded_now() == 1
    assert scores == [[12, 12, 12], [12, 12, 12], [12, 12, 12], [12, 9, 12]]


def test_a_notebook_that_keeps_the_grader_busy_too_long_goes_to_a_person(
    tmp_path: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_handles, "MOST_SECONDS", 0.2)
    path = hand_in(tmp_path, "ada", notebook({}, "import time\ntime.sleep(1)"))
    task = Task("ada", "attention", str(path))
    (graded,) = grade_all([task], lanes=1, isolation=isolation, seed=1)
    result = graded.result
    assert (result.status, result.score, result.max_score) == ("unreadable", 0, 12)
    assert result.flags == ["the grader itself ended while grading this notebook"]
