"""Resource limits of one worker."""

from __future__ import annotations

import resource

from .configuration import Limits


def apply(limits: Limits) -> None:
    """Set the limits of this process, hard and soft."""
    cpu_seconds = int(limits.submission_seconds) + 5
    for kind, bound in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_AS, limits.address_space_bytes),
        (resource.RLIMIT_FSIZE, limits.scratch_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),
    ):
        resource.setrlimit(kind, (bound, bound))
