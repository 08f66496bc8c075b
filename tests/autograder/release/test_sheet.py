"""A sheet gives one notebook: valid, deterministic, without a trace of its solution."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.release import Change, ReleaseError, compare, release, stems, write

SHEET = Path(__file__).with_name("sample.md").read_text(encoding="utf-8")


@pytest.fixture
def root(tmp_path):
    for folder in ("solutions", "book"):
        (tmp_path / folder).mkdir()
    (tmp_path / "solutions/sample.md").write_text(SHEET, encoding="utf-8")
    (tmp_path / "book/sample.md").write_text("(sample-scale)=\n\n## Why divide\n\nText.\n")
    return tmp_path


def cells(root: Path) -> list[dict]:
    return json.loads(release("sample", root))["cells"]


def rewrite(root: Path, old: str, new: str) -> None:
    assert old in SHEET
    (root / "solutions/sample.md").write_text(SHEET.replace(old, new, 1), encoding="utf-8")


def test_a_released_notebook_is_valid_and_has_no_output(root):
    content = release("sample", root)
    notebook = json.loads(content)
    nbformat.validate(notebook)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert all(not cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert all(cell.get("execution_count") is None for cell in notebook["cells"])
    assert content.endswith(b"\n}\n")
    assert "Größe".encode() in content  # readable in a diff
    assert content.startswith(b'{\n "cells": [\n')


def test_nothing_of_a_solution_is_released(root):
    assert SHEET.count("SECRET") == 4
    assert b"SECRET" not in release("sample", root)
    assert b"SOLUTION" not in release("sample", root)


def test_the_cells_are_those_of_the_sheet_in_its_order(root):
    assert [cell["source"] for cell in cells(root)] == [
        "# A sample\n\nDivide, see *Why divide* and query.\n\n> **Note**\n>\n> Größe: `q @ k`",
        "import torch",
        'def double(x):\n    """Return 2x."""\n    raise NotImplementedError("write double here")',
        "check(double)",
        "Between.",
        "check(double)",
    ]
    tagged = [cell["metadata"].get("tags") for cell in cells(root)]
    assert tagged == [None, ["hide-input"], None, None, None, None]


def test_ids_follow_from_the_content_and_are_unique(root):
    before = [cell["id"] for cell in cells(root)]
    assert len(set(before)) == len(before)
    rewrite(root, "Between.", "Elsewhere.")
    after = [cell["id"] for cell in cells(root)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True] * 4 + [
        False,
        True,
    ]


def test_the_same_sheet_gives_the_same_bytes_in_another_process(root):
    code = (
        "import sys, pathlib; from autograder.release import release;"
        f"sys.stdout.buffer.write(release('sample', pathlib.Path({str(root)!r})))"
    )
    for seed in ("1", "2"):
        other = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        assert other.stdout == release("sample", root)


BROKEN = {
    "an unbalanced mark": ("    ### END SOLUTION\n", "", "line 23: ### BEGIN SOLUTION without"),
    "a directive": ("Between.", ":::{figure} a.png\n:::", r"line \d+: the directive {figure}"),
    "a role": ("Between.", "See {eq}`a`.", r"line 42: the role {eq}"),
    "a stub that does not parse": (
        "def double(x):",
        "def double(x:",
        r"line 21: .* does not parse",
    ),
    "options that are no YAML": (":tags: [hide-input]", ":tags: [hide", "solutions/sample.md, "),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_sheet_that_cannot_be_released_is_refused_with_file_and_line(root, case):
    old, new, message = BROKEN[case]
    rewrite(root, old, new)
    with pytest.raises(ReleaseError, match=message) as caught:
        release("sample", root)
    assert str(caught.value).startswith("solutions/sample.md, ")


def test_a_missing_sheet_is_named(root):
    with pytest.raises(ReleaseError, match=r"^solutions/none\.md is not there$"):
        release("none", root)


def test_a_solution_cell_may_hold_what_a_notebook_cannot_show(root):
    rewrite(root, "SECRET text", "```{figure} a.png\nSECRET\n```")
    assert b"figure" not in release("sample", root)


def test_comparing_says_what_is_missing_differs_or_has_no_sheet(root):
    notebook = Path("book/exercises/sample.ipynb")
    assert stems(root) == ["sample"]
    assert compare(root=root) == [Change(notebook, "missing")]
    assert not (root / notebook).exists()
    assert write(root=root) == [Change(notebook, "missing")]
    assert write(root=root) == []
    assert compare(root=root) == []
    (root / notebook).write_bytes((root / notebook).read_bytes() + b" ")
    (root / notebook).with_name("old.ipynb").write_text("{}")
    left = Change(Path("book/exercises/old.ipynb"), "no sheet")
    assert compare(root=root) == [Change(notebook, "differs"), left]
    assert compare(["sample"], root) == [Change(notebook, "differs")]
    assert write(["sample"], root) == [Change(notebook, "differs")]
    assert compare(root=root) == [left]
    assert sorted(path.name for path in (root / notebook).parent.iterdir()) == [
        "old.ipynb",
        "sample.ipynb",
    ]


def test_one_broken_sheet_keeps_all_from_being_written(root):
    (root / "solutions/worse.md").write_text("### END SOLUTION\n")
    with pytest.raises(ReleaseError, match=r"solutions/worse\.md, line 1"):
        write(root=root)
    assert not (root / "book/exercises").exists()
