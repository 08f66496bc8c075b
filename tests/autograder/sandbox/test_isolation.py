"""Isolation is found by trying, and what cannot isolate refuses."""

import contextlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import psutil
import pytest

from autograder.sandbox import (
    Isolation,
    IsolationRefused,
    Lane,
    WorkerLost,
    command,
    find_isolation,
    run_self_test,
)
from autograder.sandbox.confined.configuration import Configuration, Limits
from autograder.sandbox.visibility import around, find_visible
from autograder.sandbox.warm_process import WarmProcess


def fake_bubblewrap(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program in place of bubblewrap; ``$REAL`` is the real one."""
    program = folder / "bwrap"
    program.write_text(f"#!/bin/bash\nREAL={shutil.which('bwrap')}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_this_machine_isolates_in_full() -> None:
    assert find_isolation() is Isolation.FULL


def test_where_bubblewrap_keeps_no_capabilities_there_is_no_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = """
arguments=()
while [ $# -gt 0 ]; do
  if [ "$1" = --cap-add ]; then shift 2; else arguments+=("$1"); shift; fi
done
exec $REAL "${arguments[@]}"
"""
    fake_bubblewrap(tmp_path, drop, monkeypatch)
    assert find_isolation() is Isolation.NO_SCRATCH


def test_without_bubblewrap_only_reduced_isolation_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(IsolationRefused, match="install bubblewrap"):
        find_isolation()
    assert find_isolation(allow_reduced=True) is Isolation.REDUCED


def test_blocked_user_namespaces_are_named_with_their_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_bubblewrap(
        tmp_path, "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1", monkeypatch
    )
    with pytest.raises(IsolationRefused, match="apparmor_restrict_unprivileged_userns=0"):
        find_isolation()


def with_filter(program: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use another system call filter."""
    configured = command.configuration

    def configuration(*arguments: object, **options: object) -> Configuration:
        return msgspec.structs.replace(configured(*arguments, **options), system_calls=program)

    monkeypatch.setattr(command, "configuration", configuration)


ALLOW_EVERYTHING = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF_0000)


@pytest.mark.slow
def test_without_its_filter_a_submission_still_has_no_privileges_files_or_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_filter(ALLOW_EVERYTHING, monkeypatch)
    cell = """
import ctypes, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
def capabilities():
    data = ctypes.create_string_buffer(24)
    assert libc.capget(struct.pack("Ii", 0x20080522, 0), data) == 0
    return list(struct.unpack("6I", data.raw))
def mount(): return libc.mount(b"tmpfs", b"/sandbox/scratch", b"tmpfs", 0, None)
def connect(port): socket.create_connection(("127.0.0.1", port), 1)
def read(path): return open(path).read()
def processes(): return os.getpid(), os.getppid()
"""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Lane(Isolation.FULL) as lane,
        lane.open([cell]) as student,
    ):
        assert student.capabilities() == [0] * 6
        assert student.mount() == -1
        assert student.processes() == (1, 0)
        with pytest.raises(OSError, match=r"refused|unreachable|ermission|permitted"):
            student.connect(server.getsockname()[1])
        for path in ("/sandbox", "/etc/passwd", "/proc/self/maps"):
            with pytest.raises(OSError, match=r"Permission denied|No such file"):
                student.read(path)


def test_a_sandbox_that_does_not_hold_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with_filter(ALLOW_EVERYTHING, monkeypatch)
    with pytest.raises(IsolationRefused, match=r"full: not prevented: forking, opening a socket"):
        find_isolation()


def test_other_systems_are_told_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(IsolationRefused, match="Linux virtual machine"):
        find_isolation()


@pytest.mark.slow
def test_a_fork_that_cannot_be_locked_down_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with_filter(b"no filter", monkeypatch)
    with (
        Lane(Isolation.FULL) as lane,
        pytest.raises(IsolationRefused, match=r"could not be locked down: .*seccomp"),
    ):
        lane.open(["x = 1"])


def test_the_self_test_holds_and_is_quick() -> None:
    started = time.monotonic()
    results = run_self_test(find_isolation())
    assert [result.name for result in results if not result.held] == []
    assert len(results) >= 10
    assert time.monotonic() - started < 20


@pytest.mark.slow
@pytest.mark.parametrize("isolation", [Isolation.FULL, Isolation.REDUCED])
def test_installed_copies_of_the_project_are_hidden(
    isolation: Isolation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    for name in ("attnbook", "autograder/checks", "other"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text("answer = 42")
    for name in (
        "attnbook-0.1.0.dist-info",
        "__editable___attnbook_0_1_0_finder.py",
        "x.pth",
        "other.py",
    ):
        (packages / name).write_text("")
    visible = around((*find_visible().import_roots, packages))
    monkeypatch.setattr(command, "find_visible", lambda: visible)
    cell = """
import os, sys
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "ImportGuard"]
del sys.modules["autograder"]
def importable(names):
    found = []
    for name in names:
        try:
            found += [name] if getattr(__import__(name), "answer", None) or "." in name else []
        except (ImportError, PermissionError):
            pass
    return found
exists = os.path.exists
def readable(folder):
    found = []
    for parent, _, files in os.walk(folder):
        for name in files:
            try:
                found += [name] if open(os.path.join(parent, name)).read() else []
            except OSError:
                pass
    return found
"""
    with Lane(isolation) as lane, lane.open([cell]) as student:
        assert student.importable(["attnbook", "autograder", "autograder.checks", "other"]) == [
            "other"
        ]
        assert student.readable(str(packages)) == ["__init__.py"]
        # Mounts cover what Landlock refuses; without namespaces its names can be seen.
        assert student.exists(str(packages / "attnbook" / "__init__.py")) is (
            isolation is Isolation.REDUCED
        )


def test_only_what_is_hidden_is_left_out(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    (packages / "autograder").mkdir(parents=True)
    (packages / "torch" / "lib").mkdir(parents=True)
    pieces = dict(around((packages,)).pieces(packages))
    assert pieces == {packages: False, packages / "torch": True}


@pytest.mark.slow
def test_a_warm_process_that_dies_is_replaced() -> None:
    with Lane(Isolation.FULL) as lane:
        student = lane.open(["def f(): return 1"])
        started = psutil.Process(lane._warm._process.pid)
        for process in [*started.children(recursive=True), started]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        started.wait(5)
        with pytest.raises(WorkerLost):
            student.f()
        with lane.open(["def f(): return 1"]) as fresh:
            assert fresh.f() == 1


GRADER = """
import sys
from autograder.sandbox import Isolation, Lane
lane = Lane(Isolation(sys.argv[1]))
student = lane.open(["def loop():\\n    while True: pass"])
print("ready", flush=True)
student.loop()
"""


@pytest.mark.slow
@pytest.mark.parametrize("isolation", list(Isolation), ids=lambda isolation: isolation.name.lower())
def test_nothing_survives_a_grader_that_is_killed(isolation: Isolation) -> None:
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, isolation.value], stdout=subprocess.PIPE
    )
    assert grader.stdout is not None
    assert grader.stdout.readline() == b"ready\n"
    family = psutil.Process(grader.pid).children(recursive=True)
    assert family
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    grader.stdout.close()


def test_submissions_leave_no_descriptors_behind(lane: Lane) -> None:
    lane.open(["x = 1"]).close()
    before = sorted(path.name for path in Path("/proc/self/fd").iterdir())
    for _ in range(5):
        with lane.open(["def f(): import os; os._exit(1)"]) as student:
            with pytest.raises(WorkerLost):
                student.f()
            student.restart()
    assert sorted(path.name for path in Path("/proc/self/fd").iterdir()) == before


def test_a_lane_of_a_thread_that_goes_on_is_used_by_others(lane: Lane) -> None:
    def double(number: int) -> int:
        with lane.open(["def double(x): return 2 * x"]) as student:
            return student.double(number)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(double, range(12))) == [2 * number for number in range(12)]


def test_a_warm_process_knows_nothing_of_the_graders_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET", "token")
    warm = WarmProcess(Isolation.REDUCED, Limits(), preload=False)
    environment = Path(f"/proc/{warm._process.pid}/environ")
    try:
        assert b"SECRET" not in environment.read_bytes()
    except PermissionError:
        pass
    finally:
        warm.close()
