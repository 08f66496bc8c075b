"""What is said between those who hand out notebooks and the process that grades them.

All of it is typed JSON, over sockets that nobody else holds. Nothing here needs torch.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

SANDBOX_GONE = b""
"""A lane's last answer when the sandbox that it shares with others has ended."""


class Task(msgspec.Struct, frozen=True):
    """One notebook to grade.

    Attributes:
        path: Where it lies.
        problem: Why it cannot be read, if somebody has tried; it is then not looked for.
    """

    learner: str
    stem: str
    path: str
    problem: str = ""


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """The checks are collected and the sandbox has started: lanes can be asked for.

    Attributes:
        worth: How many points each sheet gives in all, by stem.
    """

    worth: dict[str, float]


class Refused(msgspec.Struct, tag="refused", frozen=True):
    """Nothing can be graded here.

    Attributes:
        reason: Says why, and what to do.
        isolation: Whether it is isolation that is missing.
    """

    reason: str
    isolation: bool


class StartLane(msgspec.Struct, tag="start", frozen=True):
    """Start a lane on the socket that comes with this message."""


class EndLane(msgspec.Struct, tag="end", frozen=True):
    """Kill a lane, whatever it is doing."""

    pid: int


class LaneStarted(msgspec.Struct, tag="started", frozen=True):
    """A lane takes tasks now."""

    pid: int


Order: TypeAlias = StartLane | EndLane
Answer: TypeAlias = Ready | Refused | LaneStarted
