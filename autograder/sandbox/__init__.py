"""Running a submission where it can do no harm, and calling its functions as if they were here.

A ``Lane`` holds a warm process; ``Lane.open`` runs a notebook's cells in a fork of it that is
locked down, and returns a ``Student``.

Covered: reading and changing anything outside, other processes, the network, time, memory, disk,
forged answers. Not covered: bugs of the kernel, side channels of the processor, and a submission
that answers its own checks wrongly on purpose, which is its own loss.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .confined.configuration import Limits
from .errors import CellError, IsolationRefused, MissingName, StudentError, WorkerLost
from .isolation import find_isolation
from .levels import Isolation

if TYPE_CHECKING:
    from .lane import Lane
    from .selftest import SelfTest, run_self_test
    from .student import Student

# These speak with a submission and need torch. Who hands out notebooks only looks for isolation,
# and should not pay the second and a half that importing torch takes.
_WITH_TORCH = {
    "Lane": "lane",
    "SelfTest": "selftest",
    "Student": "student",
    "run_self_test": "selftest",
}

__all__ = [
    "CellError",
    "Isolation",
    "IsolationRefused",
    "Lane",
    "Limits",
    "MissingName",
    "SelfTest",
    "Student",
    "StudentError",
    "WorkerLost",
    "find_isolation",
    "run_self_test",
]


def __getattr__(name: str) -> object:
    """Import what needs torch when it is asked for."""
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_WITH_TORCH[name]}", __name__), name)
