"""Grading on a cluster gives what grading here gives, whatever happens to its workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from distributed import LocalCluster

from autograder.demo import sample_class, write_class
from autograder.grading import dask_dispatch, dask_lanes
from autograder.grading.dask_lanes import grade_on_dask
from autograder.grading.graded import Graded
from autograder.grading.lane import Task
from autograder.grading.lane_handles import GraderFailed
from autograder.grading.lanes import grade_all
from autograder.sandbox import Isolation

from .conftest import hand_in, notebook

SIZE = int(os.environ.get("KILL_CLASS", "12"))
SEED = 11
pytestmark = pytest.mark.slow
Found = dict[str, Graded]


def cluster(workers: int = 2, **more: object) -> LocalCluster:
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=50,
        **more,
    )


def tasks_in(folder: Path) -> list[Task]:
    paths = sorted(folder.glob("*/attention.ipynb"))
    return [Task(path.parent.name, "attention", str(path)) for path in paths]


def by_learner(results: Iterator[Graded], seen: Callable[[int], object] = lambda n: None) -> Found:
    """Return the results without the time they took; fail if a learner has two."""
    found: Found = {}
    for graded in results:
        result = msgspec.structs.replace(graded.result, seconds=0.0)
        assert result.learner not in found, "a notebook came twice"
        found[result.learner] = msgspec.structs.replace(graded, result=result)
        seen(len(found))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    # A notebook that uses up its time would decide how long these tests take.
    samples = [each for each in sample_class("attention", SIZE + 5) if not each.mishap]
    write_class("attention", samples[:SIZE], folder)
    hand_in(folder, "no notebook", b"[1, 2, 3]")
    (folder / "a folder" / "attention.ipynb").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def here(folder: Path) -> Found:
    return by_learner(grade_all(tasks_in(folder), lanes=2, isolation=Isolation.FULL, seed=SEED))


def on(running: LocalCluster, tasks: list[Task], notes: list[str]) -> Iterator[Graded]:
    return grade_on_dask(
        running.scheduler_address, tasks, isolation=Isolation.FULL, seed=SEED, note=notes.append
    )


def worker_processes(running: LocalCluster) -> list[psutil.Process]:
    return [psutil.Process(nanny.pid) for nanny in running.workers.values()]


def test_a_cluster_gives_what_this_machine_gives_though_a_worker_is_killed(
    folder: Path, here: Found
) -> None:
    notes: list[str] = []
    with cluster() as running:

        def kill_one(count: int) -> None:
            if count == SIZE // 3:
                worker_processes(running)[0].send_signal(signal.SIGKILL)

        assert by_learner(on(running, tasks_in(folder), notes), kill_one) == here
        lines = [" ".join(each.cmdline()) for each in psutil.Process().children(recursive=True)]
        left = [line for line in lines if "lane_process" in line]
        assert left == [], "lanes outlived the run"
    assert notes == []


def test_a_notebook_that_ends_workers_ends_two_of_them_and_goes_to_a_person(
    folder: Path, here: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = tmp_path / "deaths"
    deaths.mkdir()

    def deadly(run: str, task: bytes, content: bytes) -> tuple[bool, bytes]:
        # It is sent to the workers as code: what they import knows nothing of this test.
        import os
        import uuid

        from autograder.grading.dask_worker import grade_here

        if b"poison" in task:
            (deaths / uuid.uuid4().hex).touch()
            os.kill(os.getpid(), 9)
        return grade_here(run, task, content)

    monkeypatch.setattr(dask_dispatch, "grade_here", deadly)
    poison = Task("poison", "attention", str(hand_in(tmp_path, "poison", notebook())))
    tasks = tasks_in(folder)
    with cluster() as running:
        found = by_learner(on(running, [*tasks[:2], poison, *tasks[2:]], []))
    assert found.pop("poison").result.flags == [
        "the grader itself ended while grading this notebook"
    ]
    assert found == here
    assert len(list(deaths.iterdir())) == 2


def test_workers_that_cannot_grade_like_this_refuse_and_say_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    tasks = tasks_in(folder)
    with cluster(1) as running, monkeypatch.context() as patched:
        patched.setattr(dask_lanes, "rules", lambda: "other rules")
        with pytest.raises(GraderFailed, match="other checks or fault models"):
            list(on(running, tasks, notes))
    assert "is not used" in notes[0]
    with (
        cluster(1, env={"PATH": "/nowhere"}) as running,
        pytest.raises(GraderFailed, match=r"cannot isolate notebooks .*bubblewrap"),
    ):
        list(on(running, tasks, notes))


def test_a_cluster_that_is_not_there_is_an_error_that_says_what_to_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_lanes, "CONNECT_SECONDS", 1.0)
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        with pytest.raises(GraderFailed, match=f"(?s){address}.*start one with `dask scheduler`"):
            list(grade_on_dask(address, tasks_in(folder), isolation=Isolation.FULL, seed=1))


def test_a_cluster_without_workers_is_given_up_after_a_while(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_dispatch, "PATIENCE", 1.0)
    with cluster(0) as running, pytest.raises(GraderFailed, match="has no worker"):
        list(on(running, tasks_in(folder), []))


def test_lanes_that_nobody_uses_any_more_end_by_themselves() -> None:
    program = (
        "import asyncio, sys\n"
        "from autograder.grading import dask_worker, rules\n"
        "from autograder.sandbox import Isolation\n"
        "dask_worker.IDLE_SECONDS = 1.0\n"
        "said = []\n"
        "class Worker:\n"
        "    address = 'here'\n"
        "    class state: nthreads = 1\n"
        "    def log_event(self, topic, message): said.append(message)\n"
        "async def main():\n"
        "    plugin = dask_worker.LanesPlugin(dask_worker.Assignment(run='r', seed=1,\n"
        "        rules=rules.rules(), isolation=Isolation.FULL, stems=['attention']))\n"
        "    await plugin.setup(Worker())\n"
        "    assert said[0]['lanes'] == 1, said\n"
        "    assert plugin._pool is not None\n"
        "    await asyncio.wait_for(plugin._watch, 30)\n"
        "    assert plugin._pool is None\n"
        "asyncio.run(main())\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_grading_here_needs_no_dask() -> None:
    program = (
        "import sys\n"
        "import autograder.cli, autograder.grading.course, autograder.grading.lanes\n"
        "assert not {'dask', 'distributed', 'torch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_without_dask_the_error_says_what_to_install() -> None:
    program = (
        "import sys\n"
        "sys.modules['distributed'] = None\n"
        "from autograder.grading.lane_handles import GraderFailed\n"
        "try:\n"
        "    import autograder.grading.dask_lanes\n"
        "except GraderFailed as failed:\n"
        "    assert 'attnbook[scale]' in str(failed)\n"
        "else:\n"
        "    sys.exit('no error')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_scheduler_that_is_lost_ends_the_run_and_blames_no_notebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_dispatch, "PATIENCE", 2.0)
    with cluster(1) as running:
        results = on(running, tasks_in(folder), [])
        graded = [next(results)]
        running.close()
        with pytest.raises(GraderFailed, match=r"no worker|connection to the Dask scheduler"):
            graded += results
    assert not any(each.result.flags for each in graded)
