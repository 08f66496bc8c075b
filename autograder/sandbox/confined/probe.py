"""A few attacks that a fork tries on itself, to find out whether its locks hold."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable


def what_did_not_hold() -> list[str]:
    """Return the names of the attacks that succeeded."""
    attacks: dict[str, Callable[[], object]] = {
        "reading a file of the system": lambda: open("/etc/passwd", "rb").close(),
        "reading processes": lambda: os.listdir("/proc/1"),
        "writing outside": lambda: open("/var/tmp/probe", "wb").close(),
        "forking": _fork,
        "opening a socket": lambda: socket.socket().close(),
        "running a program": lambda: os.execv("/bin/true", ["true"]),
    }
    succeeded = []
    for name, attack in attacks.items():
        with contextlib.suppress(OSError):
            attack()
            succeeded.append(name)
    return succeeded


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)
