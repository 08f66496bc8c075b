"""Running a submission where it can do no harm, and calling its functions as if they were here.

A ``Lane`` holds a warm process; ``Lane.open`` runs a notebook's cells in a fork of it that is
locked down, and returns a ``Student``.

Covered: reading and changing anything outside, other processes, the network, time, memory, disk,
forged answers. Not covered: bugs of the kernel, side channels of the processor, and a submission
that answers its own checks wrongly on purpose, which is its own loss.
"""

from .confined.configuration import Limits
from .errors import CellError, IsolationRefused, MissingName, StudentError, WorkerLost
from .isolation import find_isolation
from .lane import Lane
from .levels import Isolation
from .selftest import SelfTest, run_self_test
from .student import Student

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
