"""kill -9 in the middle of a class: nothing is lost, nothing comes twice, every mark is the same.

The class is small here. ``KILL_CLASS=1000 pytest tests/autograder/grading/test_kill.py`` kills in
the middle of one of a thousand.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from autograder.demo import sample_class, write_class
from autograder.gradebook import Gradebook
from autograder.results import SubmissionResult, load

from .family import VICTIMS, kill_one, lanes

SIZE = int(os.environ.get("KILL_CLASS", "16"))
KILLS = min(1 + SIZE // 50, 5)
PATIENCE = 120 + SIZE  # seconds; a busy machine is no failure
pytestmark = pytest.mark.slow


class Run:
    """One run of the command over the class of this module, into a folder of its own."""

    def __init__(self, submissions: Path, out: Path) -> None:
        self.out = out
        command = [sys.executable, "-m", "autograder", "grade", str(submissions), "--out", str(out)]
        self.process = subprocess.Popen([*command, "--jobs", "2", "--seed", "7"])
        self.grader = psutil.Process(self.process.pid)

    def journal(self) -> list[bytes]:
        """Return the lines of the journal that hold a result."""
        path = self.out / ".journal.jsonl"
        return path.read_bytes().splitlines()[1:] if path.exists() else []

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + PATIENCE
        while len(self.journal()) < count:
            assert self.process.poll() is None, "the grader ended"
            assert time.monotonic() < until, f"no {count} results in {PATIENCE} s"
            time.sleep(0.005)

    def kill(self, victim: str) -> None:
        until = time.monotonic() + PATIENCE
        while not kill_one(VICTIMS[victim], self.grader):
            assert time.monotonic() < until, f"{victim} was not found"
            time.sleep(0.001)

    def results(self) -> list[SubmissionResult]:
        """Wait for the end and return the results, without what depends on the clock."""
        assert self.process.wait(PATIENCE) == 0
        found = load(self.out / "results.json").submissions
        return [msgspec.structs.replace(each, seconds=0.0) for each in found]


def learners(results: list[SubmissionResult]) -> list[str]:
    return sorted(each.learner for each in results)


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    # A notebook that uses up its time would decide how long these tests take.
    samples = [each for each in sample_class("attention", SIZE + 5) if not each.mishap]
    write_class("attention", samples[:SIZE], folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    submissions: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[SubmissionResult]:
    run = Run(submissions, tmp_path_factory.mktemp("undisturbed"))
    results = run.results()
    assert len(set(learners(results))) == len(results) == SIZE
    return results


@pytest.mark.parametrize("victim", VICTIMS)
def test_what_is_killed_costs_no_learner_anything(
    victim: str, submissions: Path, undisturbed: list[SubmissionResult], tmp_path: Path
) -> None:
    run = Run(submissions, tmp_path)
    for number in range(1, KILLS + 1):
        run.wait_for(number * SIZE // (KILLS + 2))
        run.kill(victim)
    assert run.results() == undisturbed
    assert len(run.journal()) == SIZE, "a notebook was graded twice"


def test_a_grader_that_is_killed_goes_on_where_it_stopped(
    submissions: Path, undisturbed: list[SubmissionResult], tmp_path: Path
) -> None:
    done: list[bytes] = []
    for number in range(1, KILLS + 1):
        run = Run(submissions, tmp_path)
        run.wait_for(number * SIZE // (KILLS + 2))
        family = run.grader.children(recursive=True)
        assert lanes(run.grader)
        run.process.send_signal(signal.SIGKILL)
        run.process.wait()
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == [], "the killed grader left processes behind"
        after = run.journal()
        assert after[: len(done)] == done, "what was graded before was graded again"
        done = after
    run = Run(submissions, tmp_path)
    assert run.results() == undisturbed
    assert len(run.journal()) == SIZE, "a notebook was graded twice"
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.sqlite'}") as book:
        assert sorted(each.result.learner for each in book.attempts()) == learners(undisturbed)
