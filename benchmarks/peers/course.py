"""What both peers have in common: the exercises, who answers them, and how CPU time is counted."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EXERCISES = ("attention_weights", "scaled_dot_product_attention", "causal_mask")
POINTS = 3
FIRST_CELL = "import math\nimport torch\nfrom torch import Tensor"
ANSWER_CHECKS = (Path(__file__).parent / "answer_checks.py").read_text("utf-8")
PR_SET_CHILD_SUBREAPER = 36
PEERS = Path(__file__).parents[2] / ".venv-peers"

Answers = Mapping[str, str]
"""The source of the cell that answers each exercise."""


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        cpu: User and system time of the command and of everything that it started, in seconds.
        wall: From its start to its end, in seconds.
    """

    cpu: float
    wall: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall)


def measure(command: Sequence[str], place: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command and return what it cost.

    The time of a process counts once it was waited for. A process whose parent ends first, as
    bubblewrap does when it is killed, comes to this one to be waited for.

    Raises:
        RuntimeError: If the command fails; with its last lines.
    """
    _adopt_orphans()
    before, start = _children(), time.perf_counter()
    done = subprocess.run(
        command, cwd=place, env=dict(environment), check=False, capture_output=True, text=True
    )
    wall = time.perf_counter() - start
    _wait_for_orphans()
    cost = Cost(_children() - before, wall)
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command[:4])} failed:\n{(done.stdout + done.stderr)[-2000:]}"
        )
    return cost


def environment(home: Path) -> dict[str, str]:
    """Return what the peers run with: one thread, as we do, and a home of their own."""
    return {
        "PATH": f"{PEERS / 'bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "OMP_NUM_THREADS": "1",
    }


def notebook(cells: Sequence[Mapping[str, object]]) -> str:
    """Return a notebook with these cells."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content)


def cell(name: str, source: str, **metadata: object) -> dict[str, object]:
    """Return a code cell."""
    return {
        "cell_type": "code",
        "id": name.replace("_", "-"),
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _adopt_orphans() -> None:
    """Become the one to whom processes come whose parent has ended; see prctl(2)."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot count the time of orphaned processes")


def _wait_for_orphans() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
