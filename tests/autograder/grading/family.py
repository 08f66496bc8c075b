"""The processes of a grader, by what they do, so that a test can kill one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import psutil

Find = Callable[[psutil.Process], list[psutil.Process]]


def lane_processes(grader: psutil.Process) -> list[psutil.Process]:
    """Return the processes that fork lanes."""
    return [each for each in grader.children() if "autograder.grading.lane_process" in _line(each)]


def lanes(grader: psutil.Process) -> list[psutil.Process]:
    return [
        lane
        for process in lane_processes(grader)
        for lane in process.children()
        if "autograder.grading.lane_process" in _line(lane)
    ]


def sandboxes(grader: psutil.Process) -> list[psutil.Process]:
    """Return the warm processes: below bubblewrap, its init, and the one that waits outside."""
    found = [child for each in lane_processes(grader) for child in each.children()]
    found = [child for child in found if child.name() == "bwrap"]
    for _ in range(3):
        found = [child for each in found for child in each.children()]
    return found


def parts(grader: psutil.Process) -> list[psutil.Process]:
    """Return the parts of the warm processes, one for each lane."""
    return [part for warm in sandboxes(grader) for part in warm.children()]


def workers(grader: psutil.Process) -> list[psutil.Process]:
    """Return the processes that run a learner's code at this moment."""
    return [worker for part in parts(grader) for worker in part.children()]


VICTIMS: Mapping[str, Find] = {
    "a lane": lanes,
    "the process that forks lanes": lane_processes,
    "the sandbox": sandboxes,
    "a lane's part of the sandbox": parts,
    "a learner's process": workers,
}


def kill_one(find: Find, grader: psutil.Process) -> bool:
    """Kill -9 one of the processes that ``find`` returns; False if there is none right now."""
    with suppress(psutil.NoSuchProcess):
        if found := find(grader):
            found[0].kill()
            return True
    return False


def _line(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
