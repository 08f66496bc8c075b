"""Resource limits of one worker, and of the warm process that it is forked from."""

from __future__ import annotations

import resource

from .configuration import Limits

_LIFTED = ("RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_AS")


def apply(limits: Limits) -> None:
    """Set the limits of this process, hard and soft."""
    for name, bound in _bounds(limits).items():
        resource.setrlimit(getattr(resource, name), (bound, bound))


def lift(limits: Limits) -> None:
    """Let this process use all the memory and time that it may: it is not its parent.

    Raises:
        OSError: If it could not give ``limits`` to a worker.
    """
    for name, bound in _bounds(limits).items():
        kind = getattr(resource, name)
        _, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY and most < bound:
            raise OSError(
                f"the grader was started with a hard {name} of {most}, and a submission may use "
                f"{bound}: raise it (ulimit -H)"
            )
        if name in _LIFTED:
            resource.setrlimit(kind, (most, most))


def _bounds(limits: Limits) -> dict[str, int]:
    return {
        "RLIMIT_CPU": int(limits.submission_seconds) + 5,
        "RLIMIT_DATA": limits.memory_bytes,
        "RLIMIT_AS": limits.address_space_bytes,
        "RLIMIT_FSIZE": limits.scratch_bytes,
        "RLIMIT_NOFILE": limits.open_files,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 64,
    }
