"""Namespaces and mounts."""

from __future__ import annotations

import ctypes
import enum

from .libc import LIBC, checked


class Namespace(enum.IntFlag):
    """Flags of unshare(2) and setns(2)."""

    MOUNT = 0x0002_0000
    UTS = 0x0400_0000
    IPC = 0x0800_0000
    PID = 0x2000_0000
    NETWORK = 0x4000_0000


class MountFlag(enum.IntFlag):
    """Flags of mount(2)."""

    READ_ONLY = 1
    NO_SUID = 2
    NO_DEVICES = 4
    NO_EXEC = 8
    RECURSIVE = 1 << 14
    PRIVATE = 1 << 18


def unshare(namespaces: Namespace) -> None:
    """Move this process to fresh namespaces; a fresh pid namespace begins with the next fork."""
    checked(LIBC.unshare(int(namespaces)), "unshare")


def enter(descriptor: int, namespace: Namespace) -> None:
    """Enter the namespace that ``descriptor`` refers to."""
    checked(LIBC.setns(descriptor, int(namespace)), "setns")


def make_mounts_private() -> None:
    """Keep mounts made from here on from reaching any other mount namespace."""
    _mount(None, "/", None, MountFlag.RECURSIVE | MountFlag.PRIVATE, None)


def mount_tmpfs(target: str, *, size_bytes: int, inodes: int, read_only: bool = False) -> None:
    """Cover ``target`` with an empty file system in memory."""
    flags = MountFlag.NO_SUID | MountFlag.NO_DEVICES | MountFlag.NO_EXEC
    if read_only:
        flags |= MountFlag.READ_ONLY
    _mount("tmpfs", target, "tmpfs", flags, f"size={size_bytes},nr_inodes={inodes},mode=700")


def _mount(
    source: str | None, target: str, kind: str | None, flags: MountFlag, options: str | None
) -> None:
    arguments = [
        None if text is None else text.encode() for text in (source, target, kind, options)
    ]
    result = LIBC.mount(
        arguments[0], arguments[1], arguments[2], ctypes.c_ulong(int(flags)), arguments[3]
    )
    checked(result, f"mount {target}")
