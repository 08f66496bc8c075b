"""Starting a new stem: all files, none of them done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.authoring import AuthoringError, left_to_fill, new
from autograder.authoring.stem import FILES
from autograder.book import ROOT
from autograder.cli import main


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The two files of a repository that list stems."""
    for name in ("_toc.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_file_of_a_stem_is_made_and_says_what_to_fill_in(tree: Path) -> None:
    made = new("sample", ["first", "SecondLayer"], "A sample", tree)
    assert {path.relative_to(tree).as_posix() for path in made} == {
        path.format("sample") for path in FILES.values()
    }
    left = left_to_fill("sample", tree)
    assert {line.split(":")[0] for line in left} == {
        path.format("sample") for path in FILES.values()
    }
    for path in made:
        text = path.read_text("utf-8")
        assert "{{" not in text
        assert "{%" not in text
        if path.suffix == ".py":
            compile(text, str(path), "exec")


def test_faults_in_a_folder_are_looked_through_as_well(tree: Path) -> None:
    new("sample", ["first"], "A sample", tree)
    faults = tree / FILES["faults.py"].format("sample")
    folder = faults.with_suffix("")
    folder.mkdir()
    faults.rename(folder / "first.py")
    found = {line.split(":")[0] for line in left_to_fill("sample", tree)}
    assert "autograder/faults/sample/first.py" in found


def test_a_stem_is_entered_where_stems_are_listed(tree: Path) -> None:
    new("sample", ["first"], "A sample", tree)
    toc = (tree / "_toc.yml").read_text("utf-8")
    for page in ("book/sample", "book/exercises/sample", "solutions/sample"):
        assert toc.count(f"file: {page}\n") == 1
    assert '  "sample",' in (tree / "pyproject.toml").read_text("utf-8")


def test_nothing_is_overwritten_and_nothing_half_made(tree: Path) -> None:
    taken = tree / "solutions" / "sample.md"
    taken.parent.mkdir()
    taken.write_text("somebody's work")
    with pytest.raises(AuthoringError, match=r"sample is there already: solutions/sample\.md"):
        new("sample", ["first"], "A sample", tree)
    assert taken.read_text() == "somebody's work"
    assert not (tree / "book").exists()
    assert (tree / "_toc.yml").read_bytes() == (ROOT / "_toc.yml").read_bytes()


@pytest.mark.parametrize("name", ["Sample", "two words", "2nd", "class", "../up", "a-b", ""])
def test_a_name_that_is_none_is_refused(tree: Path, name: str) -> None:
    with pytest.raises(AuthoringError, match="must be a Python name in lower case"):
        new(name, ["first"], "A sample", tree)


@pytest.mark.parametrize("name", ["Sample_one", "SAMPLE", "two words", "2nd", "class", "a-b", ""])
def test_an_exercise_is_named_like_a_function_or_like_a_class(tree: Path, name: str) -> None:
    with pytest.raises(AuthoringError, match=r"in lower case, .* or a class's in CamelCase"):
        new("sample", [name], "A sample", tree)


def test_a_class_gets_a_stub_with_a_method_for_each_part(tree: Path) -> None:
    new("sample", ["SecondLayer"], "A sample", tree)
    sheet = (tree / "solutions" / "sample.md").read_text("utf-8")
    assert "class SecondLayer(nn.Module):" in sheet
    assert sheet.count("### BEGIN SOLUTION") == 2
    assert "(sample-second-layer)=" in (tree / "book" / "sample.md").read_text("utf-8")
    probes = (tree / "autograder/faults/probes/sample.py").read_text("utf-8")
    assert "SECOND_LAYER_PARAMETERS" in probes
    checks = (tree / "autograder/checks/test_sample.py").read_text("utf-8")
    assert "same_weights(student.SecondLayer, reference.SecondLayer, draw, d)" in checks


def test_two_exercises_of_one_name_are_refused(tree: Path) -> None:
    with pytest.raises(AuthoringError, match="each exercise needs a name of its own"):
        new("sample", ["first", "first"], "A sample", tree)


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuthoringError, match=r"holds no _toc\.yml"):
        new("sample", ["first"], "A sample", tmp_path)


def test_the_command_refuses_a_stem_that_exists() -> None:
    result = CliRunner().invoke(main, ["new", "attention"])
    assert result.exit_code == 2
    assert "attention is there already" in result.output


@pytest.mark.slow
def test_the_files_pass_every_static_check_and_fail_until_they_are_filled_in(
    tmp_path: Path,
) -> None:
    folders = ["src", "autograder", "tests", "solutions", "book"]
    for name in [*folders, "_toc.yml", "_config.yml", "pyproject.toml"]:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    paths = os.pathsep.join([str(tmp_path), str(tmp_path / "src")])
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    made = run("autograder", "new", "sample", "first", "SecondLayer")
    assert made.returncode == 0, made.stderr
    released = run("autograder", "release", "sample")
    assert released.returncode == 0, released.stderr
    files = [path.format("sample") for path in FILES.values() if path.endswith(".py")]
    for check in (["ruff", "check"], ["ruff", "format", "--check"]):
        done = run(*check, *files)
        assert done.returncode == 0, done.stdout

    parts = ["tests/attnbook/test_sample.py", "tests/autograder/faults/test_diagonal.py"]
    tests = run("pytest", "-q", *parts, "-k", "sample or first or SecondLayer")
    assert tests.returncode == 1, tests.stdout
    assert "write the reference version of first" in tests.stdout
    assert "passed" not in tests.stdout.splitlines()[-1] or "failed" in tests.stdout
    left = run("pytest", "-vv", "tests/repo/test_stems.py", "-k", "left_to_fill_in")
    assert left.returncode == 1
    assert "solutions/sample.md:" in left.stdout
