"""A Gradescope-shaped run: the zip is unpacked into /autograder and run_autograder is started.

The first tests do so in a root of their own, made by bubblewrap as Docker makes one: the system
read-only, the submission's container without the right to make user namespaces, and nothing of
this repository in it but what the zip holds.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.exports import gradescope_zip
from autograder.sandbox import IsolationRefused, find_isolation

from ..grading.conftest import RIGHT
from .readers import read_gradescope

pytestmark = pytest.mark.slow

DOCKER_LIKE = ["--unshare-user", "--disable-userns", "--uid", "0", "--gid", "0", "--unshare-net"]
HOSTILE = """
def padding_mask(lengths, num_keys):
    import glob
    found = [open(path).read() for path in glob.glob("/autograder/**/*.py", recursive=True)]
    assert found
for path in ("/autograder/results/results.json", "/autograder/source/package/autograder/x.py"):
    try:
        open(path, "w").write('{"score": 12}')
    except OSError:
        pass
"""


def notebook(*more: str, **edit: str) -> bytes:
    """A notebook that solves everything, with some answers replaced and cells added."""
    sources = ["import torch", *(RIGHT | edit).values(), *more]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


@pytest.fixture(scope="module")
def packed() -> bytes:
    return gradescope_zip("attention", visibility="after_published")


@pytest.fixture
def autograder(packed, tmp_path) -> Path:
    """The folder /autograder, as Gradescope's harness leaves it before a run."""
    root = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for entry in archive.infolist():
            archive.extract(entry, root / "source")
            (root / "source" / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
    shutil.copy(root / "source/run_autograder", root / "run_autograder")
    users = [{"email": "ada@example.edu", "id": 1234, "name": "Ada"}]
    metadata = {"id": 5, "created_at": "2026-03-01T10:00:00-07:00", "users": users}
    (root / "submission_metadata.json").write_text(json.dumps(metadata))
    return root


def in_container(root: Path) -> subprocess.CompletedProcess[str]:
    """Run as in Gradescope's container: a root of its own with /autograder in it."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    system = [word for path in ("/usr", "/etc") for word in ("--ro-bind", path, path)]
    for name in ("bin", "sbin", "lib", "lib64"):
        target = Path("/", name)
        if target.is_symlink():
            system += ["--symlink", str(target.readlink()), str(target)]
        elif target.exists():
            system += ["--ro-bind", str(target), str(target)]
    # In place of what setup.sh installs: this environment, without the repository it belongs to.
    # It may lie in /tmp itself, so it comes after that is hidden.
    system += ["--tmpfs", "/tmp"]
    for path in dict.fromkeys((sys.base_prefix, sys.prefix)):
        system += ["--ro-bind", path, path]
    settings = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "AUTOGRADER_PYTHON": sys.executable}
    return run(
        ["bwrap", *DOCKER_LIKE, *system, "--proc", "/proc", "--dev", "/dev",
         "--bind", str(root), "/autograder", "--clearenv",
         *(word for name, value in settings.items() for word in ("--setenv", name, value)),
         "/autograder/run_autograder"]
    )  # fmt: skip


def on_this_machine(root: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    settings = {"AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": python}
    return run([str(root / "run_autograder")], **settings)


def run(command: list[str], **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **settings}
    return subprocess.run(
        command, env=environment, check=False, capture_output=True, text=True, timeout=240
    )


def results(root: Path) -> dict:
    return read_gradescope((root / "results/results.json").read_bytes())


def test_a_right_notebook_earns_all_points_in_the_container(autograder):
    (autograder / "submission/my answers.ipynb").write_bytes(notebook())
    done = in_container(autograder)
    assert done.returncode == 0, done.stdout + done.stderr
    read = results(autograder)
    assert read["score"] == sum(test["max_score"] for test in read["tests"]) == 12
    assert {test["status"] for test in read["tests"]} == {"passed"}
    assert read["visibility"] == "after_published"
    # Without user namespaces only reduced isolation is left, and the learner is told.
    assert read["output"] == "attention: 12 of 12 points.\nGraded in reduced isolation."


def test_a_hostile_notebook_in_the_container_reads_and_writes_nothing(autograder):
    name = "padding_mask"
    (autograder / "submission/attention.ipynb").write_bytes(notebook(**{name: HOSTILE}))
    (autograder / "submission/other.ipynb").write_bytes(
        b"{}"
    )  # the one named like the sheet counts
    done = in_container(autograder)
    assert done.returncode == 0, done.stdout + done.stderr
    read = results(autograder)
    assert read["score"] == 9
    assert not (autograder / "source/package/autograder/x.py").exists()
    wrong = [test for test in read["tests"] if test["name"].startswith(name)]
    assert "AssertionError" in wrong[0]["output"]


def test_where_full_isolation_is_to_be_had_it_is_used(autograder):
    try:
        isolation = find_isolation()
    except IsolationRefused as error:
        pytest.skip(str(error))
    wrong = "def causal_mask(n, m=None):\n    return torch.ones(n, m or n).tril(1).bool()"
    (autograder / "submission/attention.ipynb").write_bytes(notebook(causal_mask=wrong))
    assert on_this_machine(autograder).returncode == 0
    read = results(autograder)
    assert read["extra_data"] == {"sheet": "attention", "isolation": isolation.value}
    assert 0 < read["score"] < 12
    assert "The mistake: " in "".join(test["output"] for test in read["tests"])


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "There is no notebook. Hand in one notebook, named attention.ipynb."),
        (
            {"a.ipynb": b"{}", "b/c.ipynb": b"{}"},
            "There are several notebooks: a.ipynb, b/c.ipynb.",
        ),
        ({".x/attention.ipynb": b"{}"}, "There is no notebook."),
        ({"attention.ipynb": b"PK"}, "The notebook could not be read: "),
    ],
)
def test_what_cannot_be_graded_is_explained_to_the_learner(autograder, files, says):
    for name, content in files.items():
        path = autograder / "submission" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    on_this_machine(autograder)
    read = results(autograder)
    assert read["score"] == 0
    assert says in read["output"]


def test_a_grader_that_does_not_start_leaves_a_result_all_the_same(autograder):
    (autograder / "results/results.json").write_text('{"score": 12}')  # of an earlier run
    done = on_this_machine(autograder, python="/bin/false")
    assert done.returncode == 0
    read = results(autograder)
    assert read["score"] == 0
    assert "This is not your fault" in read["output"]
