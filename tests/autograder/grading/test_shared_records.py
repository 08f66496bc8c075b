"""Lanes write for each other: nothing is lost, nothing comes twice, and a kill leaves nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from autograder.grading import shared_records as under_test
from autograder.grading.shared_records import SharedRecords


def in_a_fork(work: Callable[[], None]) -> int:
    """Run ``work`` in a fork and return how it ended."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a fork must not go on with the tests
            os._exit(1)
    return os.waitpid(pid, 0)[1]


def _slowly(write: Callable[[int, bytes, int], None]) -> None:
    """Let the others have their turn between a record and the length that makes it count."""

    def written(file: int, data: bytes, place: int) -> None:
        write(file, data, place)
        time.sleep(0.002)

    under_test._write = written


def test_what_a_fork_adds_is_read_here_once_and_in_order() -> None:
    records = SharedRecords()
    assert records.unread() == []

    def add() -> None:
        for number in range(5):
            records.add(b"%d" % number * number)

    assert in_a_fork(add) == 0
    assert records.unread() == [b"", b"1", b"22", b"333", b"4444"]
    assert records.unread() == []


def test_whoever_adds_does_not_read_its_own_but_all_others() -> None:
    records = SharedRecords()
    assert in_a_fork(lambda: records.add(b"theirs") and None) == 0
    assert records.add(b"ours") == [b"theirs"]
    assert records.unread() == []

    def sees_both() -> None:
        assert records.unread() == [b"later"]

    assert in_a_fork(lambda: records.add(b"later") and None) == 0
    assert in_a_fork(sees_both) == 0


def test_forks_that_add_at_once_lose_nothing() -> None:
    records = SharedRecords()
    pids = []
    for fork in range(4):
        pid = os.fork()
        if pid == 0:
            _slowly(under_test._write)
            for number in range(10):
                records.add(b"%d %d " % (fork, number) * (1 + 37 * number))
            os._exit(0)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4
    found = records.unread()
    expected = [b"%d %d " % (f, n) * (1 + 37 * n) for f in range(4) for n in range(10)]
    assert sorted(found) == sorted(expected)


def test_a_fork_that_is_killed_while_it_writes_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = SharedRecords()
    records.add(b"before")

    def dies() -> None:
        def half(file: int, data: bytes, place: int) -> None:
            os.pwrite(file, data[: len(data) // 2], place)
            os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(under_test, "_write", half)
        records.add(b"never whole")

    assert os.WTERMSIG(in_a_fork(dies)) == signal.SIGKILL
    assert records.unread() == []
    assert records.add(b"after") == []  # and its lock is gone with it
    fresh = SharedRecords()
    fresh._file = records._file
    assert fresh.unread() == [b"before", b"after"]


def test_no_more_is_written_than_there_is_room_for() -> None:
    records = SharedRecords(most_bytes=100)

    def add() -> None:
        for _ in range(9):
            records.add(bytes(20))

    assert in_a_fork(add) == 0
    assert records.unread() == [bytes(20)] * 3
    assert os.fstat(records._file).st_size <= 100
