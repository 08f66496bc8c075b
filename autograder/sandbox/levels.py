"""How well a submission can be isolated on a machine."""

from __future__ import annotations

import enum


class Isolation(enum.StrEnum):
    """What holds, best first.

    ``FULL``: user, pid, mount, network, ipc and uts namespaces, Landlock, seccomp, resource limits,
    no capabilities, and a scratch folder in memory. ``NO_SCRATCH``: the same in one set of
    namespaces for all submissions of a grader, and no folder that can be written. ``REDUCED``: no
    namespaces.
    """

    FULL = "full"
    NO_SCRATCH = "full, no scratch"
    REDUCED = "reduced"
