"""A grading lane: one trusted process that grades one notebook after another.

It collects the checks once, keeps one warm sandbox, and speaks with the process that
started it over a pipe: a `Task` in, a `SubmissionResult` out, as typed JSON.
"""

from __future__ import annotations

import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import torch

from autograder.checks.session import CheckSession, with_checks
from autograder.faults import fault_models
from autograder.grading.notebook import grade_notebook
from autograder.sandbox import Isolation, Lane
from autograder.submission import read_submission

MOST_BYTES = 6 * 2**30


class Task(msgspec.Struct, frozen=True):
    """One notebook to grade."""

    learner: str
    stem: str
    path: str


def run_lane(pipe: Connection, stems: list[str], isolation: Isolation, seed: int) -> None:
    """Grade what comes through ``pipe`` until its other end is closed."""
    # Ctrl-C reaches every process of the terminal; the one that keeps the journal decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    torch.set_num_threads(1)  # lanes share the machine's cores among themselves
    models = {stem: fault_models(stem) for stem in stems}

    def work(checks: CheckSession) -> None:
        with Lane(isolation) as lane:
            while (task := _next_task(pipe)) is not None:
                submission = read_submission(Path(task.path), task.learner, task.stem)
                result = grade_notebook(checks, models[task.stem], lane, submission, seed)
                pipe.send_bytes(msgspec.json.encode(result))

    with_checks(stems, work)


def _limit_memory() -> None:
    """An answer made to exhaust the grader's memory must end this lane, not the machine."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, hard))


def _next_task(pipe: Connection) -> Task | None:
    try:
        return msgspec.json.decode(pipe.recv_bytes(), type=Task)
    except (EOFError, ConnectionError):
        return None
