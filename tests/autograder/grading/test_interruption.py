"""A run that is cut off goes on where it stopped: nothing is graded twice, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autograder.gradebook import Gradebook
from autograder.grading import grade, lanes
from autograder.grading.lane import Task
from autograder.results import load
from autograder.sandbox import Isolation

from .conftest import hand_in, notebook

LEARNERS = [f"learner {number}" for number in range(7)]
SLOW = "import time\ntime.sleep(0.5)"
pytestmark = pytest.mark.slow
PATIENCE = 120  # seconds; a busy machine is no failure


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for learner in LEARNERS:
        hand_in(tmp_path / "in", learner, notebook({}, SLOW))
    return tmp_path


def start(course: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "autograder", "grade", str(course / "in")]
    return subprocess.Popen([*command, "--out", str(course / "out"), "--jobs", "2"])


def journal(course: Path) -> list[bytes]:
    """Return the lines of the journal that hold a result."""
    path = course / "out" / ".journal.jsonl"
    return path.read_bytes().splitlines()[1:] if path.exists() else []


def wait_for_results(course: Path, count: int) -> None:
    until = time.monotonic() + PATIENCE
    while len(journal(course)) < count:
        assert time.monotonic() < until, "no result was written in time"
        time.sleep(0.02)


def test_a_grader_that_is_killed_goes_on_where_it_stopped(course: Path) -> None:
    first = start(course)
    wait_for_results(course, 2)
    family = psutil.Process(first.pid).children(recursive=True)
    first.send_signal(signal.SIGKILL)
    first.wait()
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == [], "the killed grader left processes behind"
    done = journal(course)
    assert 2 <= len(done) < len(LEARNERS)

    assert start(course).wait(PATIENCE) == 0
    after = journal(course)
    assert after[: len(done)] == done, "what was graded before was graded again"
    assert len(after) == len(LEARNERS)
    results = load(course / "out" / "results.json")
    assert [each.learner for each in results.submissions] == LEARNERS
    assert all(each.score == 12 for each in results.submissions)
    with Gradebook(f"sqlite:///{course / 'out' / 'gradebook.sqlite'}") as book:
        attempts = list(book.attempts())
    assert sorted(attempt.result.learner for attempt in attempts) == LEARNERS


def test_only_what_was_cut_off_or_handed_in_again_is_graded_again(
    tmp_path: Path, isolation: Isolation
) -> None:
    scores: list[list[float]] = []

    def graded_now() -> int:
        """Grade, and return how many notebooks the journal did not know."""
        calls: list[int] = []
        results, _ = grade(
            tmp_path / "in",
            tmp_path / "out",
            isolation=isolation,
            progress=lambda done, total: calls.append(done),
        )
        scores.append([each.score for each in results.submissions])
        return calls[-1] - calls[0]

    for learner in LEARNERS[:3]:
        hand_in(tmp_path / "in", learner, notebook())
    assert graded_now() == 3
    assert graded_now() == 0

    path = tmp_path / "out" / ".journal.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert graded_now() == 1

    hand_in(tmp_path / "in", LEARNERS[1], notebook({"causal_mask": None}))
    assert graded_now() == 1
    assert scores == [[12, 12, 12], [12, 12, 12], [12, 12, 12], [12, 9, 12]]


def test_a_lane_that_dies_is_replaced_and_its_notebook_graded(
    course: Path, isolation: Isolation
) -> None:
    tasks = [Task(name, "attention", str(course / "in" / name / "attention.ipynb"))
             for name in LEARNERS[:3]]  # fmt: skip
    results = lanes.grade_all(tasks, lanes=1, isolation=isolation, seed=1, worth={})
    graded = [next(results)]
    ours = [child for child in psutil.Process().children() if "spawn_main" in str(child.cmdline())]
    os.kill(ours[-1].pid, signal.SIGKILL)
    graded += results
    assert sorted(each.learner for each in graded) == LEARNERS[:3]
    assert all(each.score == 12 for each in graded)


def test_a_notebook_that_keeps_the_grader_busy_too_long_goes_to_a_person(
    course: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Less than a lane needs to start: it is late before it can answer.
    monkeypatch.setattr(lanes, "MOST_SECONDS", 0.2)
    task = Task(LEARNERS[0], "attention", str(course / "in" / LEARNERS[0] / "attention.ipynb"))
    (result,) = lanes.grade_all(
        [task], lanes=1, isolation=isolation, seed=1, worth={"attention": 12.0}
    )
    assert (result.status, result.score, result.max_score) == ("unreadable", 0, 12)
    assert result.flags == ["the grader itself ended while grading this notebook"]
