"""Locking a fresh fork down, before it reads its first byte. The order of the steps matters."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from . import landlock, privileges, resource_limits
from .configuration import SCRATCH, Configuration
from .namespaces import Namespace, make_mounts_private, mount_tmpfs, unshare
from .system_calls import load_filter

WORKER_SOCKET = 3


def lock_down(
    configuration: Configuration, rules: Sequence[landlock.Rule], socket_descriptor: int
) -> None:
    """Leave this process its socket (as descriptor 3), readable libraries, and nothing else.

    Raises:
        OSError: If a step fails. The process must then end without running anything.
    """
    privileges.die_with_parent()
    os.setsid()
    if configuration.namespaces:
        _enter_fresh_namespaces(configuration)
    allowed = [*rules]
    if configuration.namespaces:
        # The scratch folder is a new file system: its rule cannot be made before it is mounted.
        allowed.append(landlock.Rule(SCRATCH, landlock.WRITE))
    os.chdir(SCRATCH if configuration.namespaces else "/")
    privileges.drop_capabilities()
    privileges.forbid_new_privileges()
    if "Landlock" not in configuration.left_out:
        landlock.restrict(allowed)
    _keep_only(socket_descriptor)
    os.environ.clear()
    os.environ.update(HOME=SCRATCH, TMPDIR=SCRATCH, MPLBACKEND="agg", OMP_NUM_THREADS="1")
    _forget_signals()
    if "limits" not in configuration.left_out:
        resource_limits.apply(configuration.limits)
    if "seccomp" not in configuration.left_out:
        load_filter(configuration.system_calls)


def _enter_fresh_namespaces(configuration: Configuration) -> None:
    unshare(Namespace.MOUNT | Namespace.NETWORK | Namespace.IPC | Namespace.UTS)
    make_mounts_private()
    limits = configuration.limits
    mount_tmpfs(SCRATCH, size_bytes=limits.scratch_bytes, inodes=limits.scratch_files)
    for folder in ("/dev/shm", "/proc"):
        mount_tmpfs(folder, size_bytes=4096, inodes=2, read_only=True)


def _keep_only(socket_descriptor: int) -> None:
    """Move the socket to descriptor 3, put /dev/null on 0 to 2, and close everything else."""
    if socket_descriptor != WORKER_SOCKET:
        os.dup2(socket_descriptor, WORKER_SOCKET)
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(WORKER_SOCKET + 1, os.sysconf("SC_OPEN_MAX"))


def _forget_signals() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
