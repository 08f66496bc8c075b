"""The command line: what it prints, and with which code it ends."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder import sandbox
from autograder.cli import main
from autograder.grading.rules import rules
from autograder.sheets import sheets

from .grading.conftest import hand_in, notebook

COMMANDS = (
    "release", "check", "new", "grade", "doctor", "demo", "report", "mistakes", "name", "gradebook",
    "export", "package", "classroom", "collect", "nbgrader", "grade-one",
)  # fmt: skip


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.slow
def test_a_class_is_graded_and_everything_is_written(tmp_path: Path) -> None:
    hand_in(tmp_path / "in", "ada", notebook())
    hand_in(tmp_path / "in", "bob", b"")
    out = tmp_path / "out"
    result = run("grade", tmp_path / "in", "--out", out, "--seed", 7)
    assert result.exit_code == 0, result.output
    assert "1 graded, 1 unreadable" in result.output
    results = json.loads((out / "results.json").read_text())
    assert (results["schema"], results["seed"]) == (1, 7)
    assert [each["status"] for each in results["submissions"]] == ["graded", "unreadable"]
    ada = results["submissions"][0]
    assert (ada["learner"], ada["stem"], ada["score"], ada["max_score"]) == (
        "ada", "attention", 12.0, 12.0
    )  # fmt: skip
    assert {"name", "status", "score", "max_score", "diagnosis", "hint", "checks"} <= set(
        ada["exercises"][0]
    )
    for name in ("grades.csv", "index.html", "gradebook.sqlite", "reports/ada/attention.html"):
        assert (out / name).is_file(), name

    pages = (out / "index.html", out / "reports/ada/attention.html")
    for page in pages:
        page.unlink()
    assert run("report", out).exit_code == 0
    assert all(page.is_file() for page in pages)
    exported = run("export", out, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(exported.output)))
    assert [row["learner"] for row in rows] == ["ada", "bob"]


@pytest.mark.slow
def test_the_sample_class_hands_in_the_sheets_that_are_named(tmp_path: Path) -> None:
    result = run("demo", "multihead", "bottleneck", "--learners", 5, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "10 graded" in result.output
    pages = sorted(page.name for page in (tmp_path / "graded/reports/Ada").iterdir())
    assert pages == ["bottleneck.html", "multihead.html"]


def test_a_folder_with_nothing_to_grade_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "in" / "ada").mkdir(parents=True)
    result = run("grade", tmp_path / "in", "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert "no submission in" in result.output
    assert not (tmp_path / "out").exists()


def test_a_machine_without_isolation_ends_with_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(allow_reduced: bool = False) -> None:
        raise sandbox.IsolationRefused("this machine has no user namespaces")

    monkeypatch.setattr(sandbox, "find_isolation", refuse)
    hand_in(tmp_path / "in", "ada", notebook())
    result = run("grade", tmp_path / "in", "--out", tmp_path / "out")
    assert result.exit_code == 4
    assert "no user namespaces" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "no/such/folder", "--out", "x"], "does not exist"),
        (["grade", ".", "--out", "x", "--jobs", "0"], "x>=1"),
        (["grade", "."], "--out"),
        (["report", "."], "Run `autograder grade` first"),
        (["export", ".", "--format", "pdf"], "'pdf' is not"),
        (["release", "no-such-sheet"], "no-such-sheet.md is not there"),
        (["check", "no-such-notebook.ipynb"], "does not exist"),
        (["demo", "attention", "no-such-sheet"], "there is no sheet 'no-such-sheet'; there is"),
        (["nonsense"], "No such command"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_says_why(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.output


def test_a_gradebook_that_cannot_be_opened_ends_with_2(tmp_path: Path) -> None:
    hand_in(tmp_path / "in", "ada", notebook())
    url = "nonsense://nowhere"
    result = run("grade", tmp_path / "in", "--out", tmp_path / "out", "--gradebook", url)
    assert result.exit_code == 2
    assert "nonsense" in result.output


def test_a_notebook_of_ones_own_is_checked_without_marks(tmp_path: Path) -> None:
    right = hand_in(tmp_path, "right", notebook())
    wrong = hand_in(tmp_path, "wrong", notebook({"causal_mask": "def causal_mask(n, m=None): 1"}))
    assert run("check", right).exit_code == 0
    result = run("check", wrong, "--exercise", "causal_mask")
    assert result.exit_code == 1
    assert "causal_mask: not right yet" in result.output
    assert "padding_mask" not in result.output
    assert run("check", wrong, "--exercise", "no_such").exit_code == 2


def test_the_rules_change_when_a_check_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "attention" in sheets()
    before = rules()
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: real(path) + b"#")
    assert rules() != before
