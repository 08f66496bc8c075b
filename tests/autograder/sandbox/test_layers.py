"""Each lock alone, and all but one: what it stops and what it does not, as the book says."""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from autograder.sandbox import Isolation, Lane, Limits, Student, WorkerLost, command
from autograder.sandbox.confined.configuration import SCRATCH, Configuration
from autograder.sandbox.confined.landlock import abi_version
from autograder.sandbox.visibility import CONFINED_PACKAGE

from .conftest import open_lane
from .layers import ATTACKS, LAYERS, Layer, cell

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
# Each lock on its own, all but it, none of them, and all.
LOCKS: dict[str, frozenset[Layer]] = {
    "none": frozenset(),
    **{f"only {layer}": frozenset({layer}) for layer in LAYERS},
    **{f"all but {layer}": frozenset(LAYERS) - {layer} for layer in LAYERS},
    "all": frozenset(LAYERS),
}
# A process like a worker: without capabilities, and willing to be traced.
VICTIM = """
import ctypes, sys, time
sys.path.insert(0, sys.argv[1])
from confined.privileges import drop_capabilities
drop_capabilities()
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1))
print(flush=True)
time.sleep(600)
"""
Target = dict[str, Any]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """What there is to attack: everything in it belongs to the test, and goes with it."""
    folder = tmp_path_factory.mktemp("grader")
    mark = secrets.token_hex(4)
    with ExitStack() as stack:
        for name in ("file", "emptied"):
            (folder / name).write_text("secret")
        victim = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", VICTIM, str(CONFINED_PACKAGE.parent)], stdout=subprocess.PIPE
            )
        )
        stack.callback(victim.kill)
        assert victim.stdout is not None
        victim.stdout.readline()
        names = {"abstract": f"\0{mark}", "unix": str(folder / "socket")}
        for name in names.values():
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(name)
            server.listen(16)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        shared = Path(f"/dev/shm/{mark}")
        shared.write_text("secret")
        stack.callback(shared.unlink)
        yield {
            "file": str(folder / "file"), "emptied": str(folder / "emptied"), "pid": victim.pid,
            "tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1], "abstract": mark,
            "unix": names["unix"], "shm": mark, "survivor": f"left-{mark}",
            "key": stack.enter_context(SharedMemory()).key,
        }  # fmt: skip


class SharedMemory:
    """A piece of System V shared memory."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self.key = secrets.randbits(30) | 1
        self._number = self._libc.shmget(self.key, 4096, 0o1666)
        assert self._number >= 0

    def __enter__(self) -> SharedMemory:
        return self

    def __exit__(self, *_: object) -> None:
        self._libc.shmctl(self._number, 0, None)


@pytest.fixture(scope="module", params=LOCKS)
def locks(request: pytest.FixtureRequest) -> frozenset[Layer]:
    return LOCKS[request.param]


@pytest.fixture(scope="module")
def lane(locks: frozenset[Layer]) -> Iterator[Lane]:
    """A lane whose workers are locked by ``locks`` alone."""
    configured = command.configuration

    def configuration(*arguments: Any, **options: Any) -> Configuration:
        left_out = [layer for layer in ("Landlock", "seccomp", "limits") if layer not in locks]
        return msgspec.structs.replace(configured(*arguments, **options), left_out=left_out)

    isolation = Isolation.FULL if "namespaces" in locks else Isolation.REDUCED
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "configuration", configuration)
        lane = open_lane(isolation, Limits(call_seconds=30.0, submission_seconds=300.0))
    with lane:
        yield lane


@pytest.fixture(scope="module")
def student(lane: Lane) -> Iterator[Student]:
    with lane.open([cell()]) as student:
        assert student.cell_errors == []
        yield student


@pytest.fixture(scope="module")
def place(locks: frozenset[Layer], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where files are written: the scratch folder where there is one, else a folder outside."""
    return SCRATCH if "namespaces" in locks else str(tmp_path_factory.mktemp("place"))


def succeeds(student: Student, name: str, target: Target) -> bool:
    """Say whether an attack gets what it wants."""
    attack = student[f"attack_{list(ATTACKS).index(name)}"]
    try:
        return bool(attack(target))
    except OSError:
        return False
    except WorkerLost:
        student.restart()
        # The worker became the program, or ended once its child ran.
        if name == "leaves a process behind":
            return left_behind(target["survivor"])
        if name == "runs a program":
            return True
        raise


def left_behind(name: str) -> bool:
    """Say whether a process of this name is left a moment later, and end it."""
    time.sleep(0.2)
    found = [process for process in psutil.process_iter(["name"]) if process.info["name"] == name]
    for process in found:
        process.kill()
    return bool(found)


def stopping(name: str) -> set[Layer]:
    """Return the locks that stop an attack on this kernel."""
    return {lock for lock, since in ATTACKS[name].stopped_by.items() if since <= since_of(lock)}


def since_of(lock: Layer) -> int:
    return abi_version() if lock == "Landlock" else 1


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_stopped_by_each_lock_that_is_said_to_and_by_no_other(
    student: Student, locks: frozenset[Layer], target: Target, place: str, name: str
) -> None:
    stopped = bool(stopping(name) & locks)
    assert succeeds(student, name, target | {"place": place}) is not stopped


def test_every_attack_is_stopped_by_a_lock() -> None:
    assert [name for name, attack in ATTACKS.items() if not attack.stopped_by] == []


def test_the_book_says_which_lock_stops_which_attack() -> None:
    page = (ROOT / "book/attacks.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+?) \|" + r" ([^|]*?) \|" * len(LAYERS) + "$", page, re.MULTILINE)
    told = {row[0]: dict(zip(LAYERS, row[1:], strict=True)) for row in rows}
    expected = {
        name: {lock: shown(lock, attack.stopped_by.get(lock)) for lock in LAYERS}
        for name, attack in ATTACKS.items()
    }
    assert {name: told.get(name) for name in expected} == expected


def shown(lock: Layer, since: int | None) -> str:
    if since is None:
        return "–"
    return f"yes, since version {since}" if lock == "Landlock" and since > 1 else "yes"


def test_a_lock_is_left_out_by_tests_alone() -> None:
    sources = (ROOT / "autograder").rglob("*.py")
    naming = {path.name for path in sources if "left_out" in path.read_text("utf-8")}
    assert naming == {"configuration.py", "lockdown.py"}
    assert "left_out" not in "".join(os.environ)
    assert command.configuration(Isolation.REDUCED, Limits()).left_out == []
