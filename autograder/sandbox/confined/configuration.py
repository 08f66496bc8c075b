"""What the trusted side tells the warm process, and what the two say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

# Not /tmp: an environment with its libraries may lie there.
SCRATCH = "/sandbox/scratch"


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        call_seconds: Wall-clock time of one call.
        cell_seconds: Wall-clock time of one code cell.
        submission_seconds: Wall-clock time of all cells and calls together, restarts included.
        memory_bytes: Private writable memory of the process, torch's own included.
        address_space_bytes: Address space of the process, libraries included.
        scratch_bytes: Size of the scratch folder and of its largest file (full isolation only).
        scratch_files: Number of files in the scratch folder.
        open_files: Open descriptors.
        output_call: Characters of printed text kept of one call or cell.
        output_total: Characters of printed text kept of the submission.
        graphs: How many calls keep their graph for a later ``backward``.
    """

    call_seconds: float = 5.0
    cell_seconds: float = 10.0
    submission_seconds: float = 60.0
    memory_bytes: int = 3 << 29
    address_space_bytes: int = 4 << 30
    scratch_bytes: int = 32 << 20
    scratch_files: int = 2048
    open_files: int = 64
    output_call: int = 16 << 10
    output_total: int = 64 << 10
    graphs: int = 64


Lock = Literal["Landlock", "seccomp", "limits"]


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """How the warm process locks its forks down.

    Attributes:
        namespaces: Whether each fork gets fresh namespaces and a scratch folder.
        preload: Whether to import torch; without it a fork only tries the locks and ends.
        readable: Files and folders that a fork may read.
        listable: Folders whose names a fork may list.
        writable: Devices that a fork may write.
        system_calls: The compiled system call filter.
        left_out: Locks that are not applied. Only the tests that try each lock alone set it:
            nothing on the way from the command line, a file or a notebook leads here.
    """

    namespaces: bool
    preload: bool
    readable: list[str]
    listable: list[str]
    writable: list[str]
    system_calls: bytes
    limits: Limits
    left_out: list[Lock] = []


class Fork(msgspec.Struct, tag="fork", frozen=True):
    """Fork a worker on the socket that comes with this message."""


class Reap(msgspec.Struct, tag="reap", frozen=True):
    """Collect the exit status of a worker that was killed or has ended."""

    pid: int


class Split(msgspec.Struct, tag="split", frozen=True):
    """Fork a warm process that takes its orders from the socket that comes with this message."""


Order: TypeAlias = Fork | Reap | Split


class Started(msgspec.Struct, tag="started", frozen=True):
    """The warm process is ready."""


class StartFailed(msgspec.Struct, tag="start failed", frozen=True):
    """The warm process cannot work here."""

    reason: str


class Forked(msgspec.Struct, tag="forked", frozen=True):
    """A worker was forked, as ``pid`` in the warm process's namespace; its pidfd comes along."""

    pid: int


class Reaped(msgspec.Struct, tag="reaped", frozen=True):
    """The status of a worker as waitpid(2) gives it."""

    status: int


Notice: TypeAlias = Started | StartFailed | Forked | Reaped
