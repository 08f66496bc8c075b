"""Two hostile submissions in two lanes go for each other, with honest ones between them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from autograder.sandbox import Isolation, Lane, Student
from autograder.sandbox.warm_process import WarmProcess

from .conftest import LIMITS, open_lane

pytestmark = pytest.mark.slow

# Leaves whatever it can where the other might find it, and looks for what the other left.
HOSTILE = """
import contextlib, ctypes, os, socket, threading, time, torch, zlib
libc = ctypes.CDLL(None, use_errno=True)
PLACES = ["/tmp/", "/var/tmp/", "/dev/shm/", "/sandbox/", "/", os.environ["TMPDIR"] + "/", ""]
held = []
def leave(me):
    for place in PLACES:
        with contextlib.suppress(OSError):
            open(place + me, "w").write(me)
    with contextlib.suppress(OSError):
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].bind("\\0" + me)
        held[-1].listen()
    libc.shmget(zlib.crc32(me.encode()), 4096, 0o1666)
    libc.msgget(zlib.crc32(me.encode()), 0o1666)
def connects(other):
    with socket.socket(socket.AF_UNIX) as channel: channel.connect("\\0" + other)
    return True
def others():
    return [pid for pid in range(1, 3000) if pid != os.getpid()]
def signaled(pid):
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        return True
def read(pid):
    with contextlib.suppress(OSError):
        return open(f"/proc/{pid}/environ").read()
def traced(pid):
    return libc.ptrace(0x4206, pid, None, None) == 0
TRIES = {
    "reads its files": lambda other: any(os.path.exists(place + other) for place in PLACES),
    "connects to it": connects,
    "opens its shared memory": lambda other: libc.shmget(zlib.crc32(other.encode()), 0, 0) >= 0,
    "opens its queue": lambda other: libc.msgget(zlib.crc32(other.encode()), 0) >= 0,
    "lists processes": lambda other: os.listdir("/proc"),
    "reads a process": lambda other: any(map(read, others())),
    "signals a process": lambda other: any(map(signaled, others())),
    "traces a process": lambda other: any(map(traced, others())),
    "opens a process": lambda other: any(libc.syscall(434, pid, 0) >= 0 for pid in others()),
    "kills its group": lambda other: os.killpg(0, 0) is None,
}
def hog(until):
    memory = []
    while time.monotonic() < until:
        torch.ones(300, 300) @ torch.ones(300, 300)
        if len(memory) < 60: memory.append(bytearray(1 << 24))
def attack(me, other, seconds):
    until, succeeded = time.monotonic() + seconds, set()
    for _ in range(3):
        threading.Thread(target=hog, args=(until,), daemon=True).start()
    while time.monotonic() < until:
        leave(me)
        for name, attempt in TRIES.items():
            with contextlib.suppress(OSError):
                if attempt(other): succeeded.add(name)
    return sorted(succeeded)
"""
HONEST = "def double(x):\n    return 2 * x"


@pytest.fixture(params=["with a warm process each", "with parts of one"])
def lanes_of_two(
    request: pytest.FixtureRequest, isolation: Isolation
) -> Iterator[tuple[Lane, Lane]]:
    if request.param == "with a warm process each":
        with open_lane(isolation) as first, open_lane(isolation) as second:
            yield first, second
        return
    warm = WarmProcess(isolation, LIMITS)
    try:
        with (
            Lane(isolation, LIMITS, warm.split()) as first,
            Lane(isolation, LIMITS, warm.split()) as second,
        ):
            yield first, second
    finally:
        warm.close()


@pytest.fixture(params=list(Isolation), ids=lambda isolation: isolation.name.lower())
def isolation(request: pytest.FixtureRequest) -> Isolation:
    return request.param


def attacked(student: Student, me: str, other: str) -> list[str]:
    """Attack for as long as one call may last, twice."""
    return student.attack(me, other, 0.6) + student.attack(me, other, 0.6)


def test_two_hostile_submissions_do_not_reach_each_other_or_an_honest_one(
    lanes_of_two: tuple[Lane, Lane],
) -> None:
    before = psutil.Process().children(recursive=True)
    names = ["hostile-one", "hostile-two"]
    hostile = [lane.open([HOSTILE]) for lane in lanes_of_two]
    honest = [lane.open([HONEST]) for lane in lanes_of_two]
    assert [student.cell_errors for student in hostile] == [[], []]
    with ThreadPoolExecutor(2) as threads:
        attacks = [
            threads.submit(attacked, student, me, other)
            for student, me, other in zip(hostile, names, reversed(names), strict=True)
        ]
        answers = [student.double(number) for number in range(100) for student in honest]
        assert [attack.result() for attack in attacks] == [[], []]
    assert answers == [2 * number for number in range(100) for _ in honest]
    for lane, student in zip(lanes_of_two, honest, strict=True):
        assert student.double(21) == 42
        with lane.open([HONEST]) as another:
            assert another.double(4) == 8
    for student in [*hostile, *honest]:
        student.close()
    assert psutil.Process().children(recursive=True) == before
