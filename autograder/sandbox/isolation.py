"""Finding out, by trying, how well this machine can isolate a submission."""

from __future__ import annotations

import sys

import msgspec

from .confined.configuration import Limits
from .errors import IsolationRefused
from .levels import Isolation
from .warm_process import WarmProcess, await_lock

_REMEDIES = (
    (
        "uid map",
        (
            "unprivileged user namespaces are blocked; on Ubuntu 24.04 this allows them: "
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        ),
    ),
    (
        "new namespace",
        "user namespaces are off: sudo sysctl -w user.max_user_namespaces=10000 (on the host)",
    ),
    ("bubblewrap is not installed", "install bubblewrap with the system's package manager"),
    ("libseccomp", "install libseccomp (package libseccomp2) with the system's package manager"),
    (
        "Landlock",
        "use Linux 5.13 or later with landlock in the kernel's list of lsm",
    ),
)


def find_isolation(allow_reduced: bool = False) -> Isolation:
    """Return the best isolation that works on this machine, found by starting it and attacking it.

    Args:
        allow_reduced: Whether isolation without namespaces will do.

    Raises:
        IsolationRefused: If none works; the message says why and what to do.
    """
    if sys.platform != "linux":
        raise IsolationRefused(
            "submissions can be isolated on Linux only: use a Linux virtual machine or container"
        )
    levels = [Isolation.FULL, Isolation.NO_SCRATCH, *([Isolation.REDUCED] if allow_reduced else [])]
    reasons = []
    for isolation in levels:
        reason = why_not(isolation)
        if reason is None:
            return isolation
        reasons.append(f"{isolation.value}: {reason}")
    remedies = [remedy for sign, remedy in _REMEDIES if any(sign in reason for reason in reasons)]
    hint = (
        []
        if allow_reduced
        else ["isolation without namespaces can be asked for; every result then says so"]
    )
    raise IsolationRefused(
        "submissions cannot be isolated here.\n" + "\n".join([*reasons, *remedies, *hint])
    )


def why_not(isolation: Isolation) -> str | None:
    """Return why ``isolation`` does not hold on this machine, or None if it does."""
    try:
        warm = WarmProcess(isolation, Limits(), preload=False)
    except (IsolationRefused, OSError, RuntimeError, ImportError) as error:
        return str(error)
    try:
        _, _, worker = warm.fork()
        with worker:
            await_lock(worker)
            succeeded = msgspec.json.decode(worker.makefile("rb").read(), type=list[str])
        return "not prevented: " + ", ".join(succeeded) if succeeded else None
    except (IsolationRefused, OSError, msgspec.DecodeError) as error:
        return str(error)
    finally:
        warm.close()
