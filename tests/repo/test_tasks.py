"""The Makefile: every task is documented, and asks for its tools before it needs them."""

import os
import re
import stat
import subprocess

import pytest

TASKS = ["book", "serve", "lab", "demo", "check", "quick", "test", "bench", "release"]


def make(root, *arguments: str) -> str:
    done = subprocess.run(
        ["make", *arguments], cwd=root, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


def test_make_alone_lists_every_task(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)[1].split())
    listed = dict(re.findall(r"^  (\w+)\s+(\S.+)$", make(root), re.MULTILINE))
    assert set(listed) == phony
    assert set(TASKS) <= phony


@pytest.mark.parametrize("task", TASKS)
def test_a_task_on_a_fresh_machine_makes_the_environment_first(root, task, tmp_path):
    # VENV points to where nothing is yet; -n prints what would be done.
    plan = make(root, "-n", task, f"VENV={tmp_path}/venv", "MAKE=true")
    if task != "serve":  # only calls `make book`, or what every Python can do
        assert plan.index("-m venv") < plan.index("pip install --quiet $(grep '^torch==' ")
        assert plan.index("'^torch=='") < plan.index("-c constraints.txt -e")


def test_tests_run_in_the_order_in_which_they_fail_fast(root):
    text = (root / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^test:.*\n((?:\t.+\n)+)", text, re.MULTILINE)[1]
    assert re.findall(r"MAKE\) (\w+)|(pytest)", recipe) == [
        ("quick", ""),
        ("book", ""),
        ("", "pytest"),
    ]


@pytest.mark.parametrize("name", ["run", "system-packages", "pin-dependencies"])
def test_scripts_are_executable(root, name):
    assert (root / ".ci" / name).stat().st_mode & stat.S_IXUSR


def packages(root, *groups: str, path: str, **environment: str) -> subprocess.CompletedProcess:
    env = {"PATH": path, "HOME": os.environ.get("HOME", "/"), **environment}
    command = ["/bin/bash", str(root / ".ci/system-packages"), *groups]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def bare(tmp_path):
    """A machine without a package manager and without what is looked for."""
    for name in ("uname", "grep", "id", "cat"):
        found = subprocess.run(
            ["/bin/sh", "-c", f"command -v {name}"], check=True, capture_output=True, text=True
        )
        (tmp_path / name).symlink_to(found.stdout.strip())
    return str(tmp_path)


def test_what_cannot_be_installed_is_named(root, bare):
    done = packages(root, "browser", path=bare)
    assert done.returncode == 0
    assert "Missing on this machine: chromium" in done.stderr
    assert "sudo apt-get install chromium" in done.stderr


def test_in_ci_nobody_goes_on_without(root, bare):
    assert packages(root, "browser", path=bare, CI="true").returncode == 1


def test_without_venv_nothing_works(root, bare):
    done = packages(root, "venv", path=bare, PYTHON="false")
    assert done.returncode == 1
    assert "python3-venv" in done.stderr


def test_what_is_there_is_not_looked_for_again(root):
    done = packages(root, "venv", "sandbox", "browser", path=os.environ["PATH"] + ":/usr/bin:/bin")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
