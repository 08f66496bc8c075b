"""A short attack on this machine's own sandbox, for ``autograder doctor``."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .confined.configuration import Limits
from .errors import IsolationRefused, StudentError, WorkerLost
from .lane import Lane
from .levels import Isolation

_LIMITS = Limits(call_seconds=1.0, cell_seconds=5.0, submission_seconds=20.0)


@dataclass(frozen=True)
class SelfTest:
    """One attack: what it tries, whether the sandbox held, and what happened."""

    name: str
    held: bool
    detail: str


@dataclass(frozen=True)
class _Attack:
    """A function ``attack`` that returns the list of what succeeded, or that must be ended."""

    name: str
    source: str
    expected: Literal["nothing", "timeout", "crashed"] = "nothing"


# Each line of `attempts` is tried on its own; what raises nothing has succeeded.
_TRY_EACH = """
import ctypes, os, signal, socket, struct, sys, torch
def attack(*arguments):
    succeeded = []
    for name, attempt in attempts.items():
        try:
            attempt(*arguments)
        except (OSError, ImportError):
            continue
        succeeded.append(name)
    return succeeded
"""

_ATTACKS = (
    _Attack(
        "reads the grader's files",
        _TRY_EACH + "attempts = {p: lambda *paths, i=i: open(paths[i]) for i, p in "
        "enumerate(['secret', 'project', '/etc/passwd', '/proc/self/environ', '/proc/1/cmdline'])}",
    ),
    _Attack(
        "imports the reference and the checks",
        _TRY_EACH + "attempts = {p: lambda *_, p=p: __import__(p) for p in "
        "['attnbook', 'attnbook.attention', 'autograder.checks', 'autograder.sandbox']}",
    ),
    _Attack(
        "writes outside its scratch folder",
        _TRY_EACH + "attempts = {p: lambda *_, p=p: open(p, 'w') for p in "
        "['/x', '/usr/x', '/var/tmp/x', '/dev/shm/x', torch.__file__, sys.executable or '/x']}",
    ),
    _Attack(
        "starts processes and programs",
        _TRY_EACH + "attempts = {'fork': lambda *_: os.fork() or os._exit(0), "
        "'exec': lambda *_: os.execv('/bin/true', ['true']), "
        "'spawn': lambda *_: os.posix_spawn('/bin/true', ['true'], {})}",
    ),
    _Attack(
        "opens network connections",
        _TRY_EACH + "attempts = {str(f): lambda *_, f=f: socket.socket(f) for f in "
        "[socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK]}\n"
        "attempts['pair'] = lambda *_: socket.socketpair()",
    ),
    _Attack(
        "sends signals",
        _TRY_EACH
        + "attempts = {str(p): lambda *_, p=p: os.kill(p, 9) for p in [1, -1, os.getppid() or 1]}",
    ),
    _Attack("loops for ever", "def attack(*_):\n    while True: pass", "timeout"),
    _Attack(
        "takes all memory",
        "import torch\ndef attack(*_):\n    b = []\n    while True: b.append(torch.empty(1 << 26))",
        "crashed",
    ),
    _Attack("ends its process with success", "import os\ndef attack(*_): os._exit(0)", "crashed"),
    _Attack(
        "writes its own answer",
        "import os\ndef attack(*_): os.write(3, b'full marks' * 99)",
        "crashed",
    ),
    _Attack(
        "replaces torch and builtins",
        "import builtins, torch\ndef attack(*_):\n"
        "    builtins.len = lambda x: 0\n    torch.equal = lambda *a: True\n    return []",
        "crashed",
    ),
)


def run_self_test(isolation: Isolation) -> list[SelfTest]:
    """Attack a sandbox of this machine in about ten ways; takes a few seconds.

    Raises:
        IsolationRefused: If ``isolation`` does not work here at all.
    """
    with tempfile.TemporaryDirectory(
        dir=Path.home() if os.access(Path.home(), os.W_OK) else None
    ) as folder:
        secret = Path(folder) / "secret"
        secret.write_text("solutions")
        paths = [
            str(secret),
            str(Path(__file__).parent / "lane.py"),
            "/etc/passwd",
            "/proc/self/environ",
            "/proc/1/cmdline",
        ]
        with Lane(isolation, _LIMITS) as lane:
            attacked = [_attacked(lane, attack, paths) for attack in _ATTACKS]
            return [*attacked, _neighbor(lane)]


def _attacked(lane: Lane, attack: _Attack, paths: list[str]) -> SelfTest:
    try:
        with lane.open([attack.source]) as student:
            outcome = student.attack(*paths)
    except WorkerLost as lost:
        return SelfTest(attack.name, lost.status == attack.expected, lost.message)
    except (StudentError, AttributeError, IsolationRefused) as error:
        return SelfTest(attack.name, False, f"the attack did not run: {error}")
    if attack.expected != "nothing":
        return SelfTest(attack.name, False, "it was not ended")
    return SelfTest(
        attack.name, outcome == [], f"succeeded: {outcome}" if outcome else "nothing succeeded"
    )


def _neighbor(lane: Lane) -> SelfTest:
    name = "an honest submission after all of these"
    try:
        with lane.open(["def double(x): return len([x]) * 2 * x"]) as student:
            held = student.double(21) == 42
    except (StudentError, WorkerLost, AttributeError, IsolationRefused) as error:
        return SelfTest(name, False, str(error))
    return SelfTest(name, held, "answers as it should" if held else "answers wrongly")
