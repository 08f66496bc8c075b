"""Submissions are read whatever they are; what cannot be read says where and what to do."""

import json
import os
import time
from pathlib import Path

import pytest

from autograder.submission import Submission, Unreadable, digest_of, read_submission
from autograder.submission.old_formats import MAX_OLD_BYTES
from autograder.submission.reading import MAX_BYTES

CELLS = ["import torch\n", "def causal_mask(n):\n    return n\n"]


def code(source, **extra) -> dict:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, **extra}


def notebook(*cells: dict, **fields) -> dict:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}


def handed_in(tmp_path: Path, data: bytes | dict | str) -> Submission | Unreadable:
    """Write ``data`` as ada's notebook and read it."""
    if isinstance(data, dict):
        data = json.dumps(data)
    path = tmp_path / "attention.ipynb"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_submission(path, "ada", "attention")


GOOD = notebook({"cell_type": "markdown", "source": "# Hi"}, *(code(cell) for cell in CELLS))
GOOD_TEXT = json.dumps(GOOD, indent=1)


def old_notebook(version: int) -> dict:
    cell = {"cell_type": "code", "language": "python", "outputs": [], "input": CELLS[1]}
    heading = {"cell_type": "heading", "level": 1, "source": ["Two", "lines"]}
    sheets = [{"cells": [heading, cell] if version == 3 else [cell]}]
    return {
        "nbformat": version,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": sheets,
    }


readable = {
    "as Jupyter writes it": (GOOD_TEXT, ""),
    "source as a list of lines": (notebook(*(code(c.splitlines(True)) for c in CELLS)), ""),
    "no metadata anywhere": ({"nbformat": 4, "cells": [code(c) for c in CELLS]}, ""),
    "cells without metadata, outputs or ids": (
        notebook(*({"cell_type": "code", "source": cell} for cell in CELLS)),
        "",
    ),
    "no format number": ({"cells": [code(c) for c in CELLS]}, ""),
    "a format number that is no number": (GOOD | {"nbformat": "four"}, ""),
    "a newer minor format": (GOOD | {"nbformat_minor": 99}, ""),
    "a newer format": (GOOD | {"nbformat": 5}, "format 5 is newer than the 4 known here"),
    "duplicate ids": (notebook(*(code(c, id="a") for c in CELLS)), "1 cell ids stand on more"),
    "a byte order mark": (GOOD_TEXT.encode("utf-8-sig"), ""),
    "UTF-16 with a mark": (GOOD_TEXT.encode("utf-16"), "read as UTF-16"),
    "UTF-16 without a mark": (GOOD_TEXT.encode("utf-16-le"), "read as UTF-16-LE"),
    "UTF-32": (GOOD_TEXT.encode("utf-32"), "read as UTF-32"),
    "something that is no cell": (notebook(7, *(code(c) for c in CELLS)), "cell 1 is a number"),
    "Windows line ends": (GOOD_TEXT.replace("\n", "\r\n"), ""),
}


@pytest.mark.parametrize("case", readable)
def test_a_notebook_that_a_person_could_read_is_read(tmp_path, case):
    data, note = readable[case]
    result = handed_in(tmp_path, data)
    assert isinstance(result, Submission), result
    assert result.cells == CELLS
    assert note in " ".join(result.notes)
    assert bool(note) == bool(result.notes)


@pytest.mark.parametrize("version", [2, 3])
def test_an_old_notebook_is_upgraded(tmp_path, version):
    result = handed_in(tmp_path, old_notebook(version))
    assert isinstance(result, Submission), result
    assert [cell.strip() for cell in result.cells] == [CELLS[1].strip()]
    assert result.notes == [f"ada/attention.ipynb: notebook format {version} was upgraded"]


def test_a_number_as_long_as_python_reads_is_no_trouble(tmp_path):
    result = handed_in(tmp_path, '{"cells": [], "nbformat": ' + "9" * 4000 + "}")
    assert isinstance(result, Submission)


def test_nesting_just_below_the_limit_of_the_parser_is_no_trouble(tmp_path):
    for depth in (500, 900, 950, 990):
        deep = "[" * depth + "]" * depth
        result = handed_in(tmp_path, f'{{"nbformat": 3, "worksheets": [], "metadata": {deep}}}')
        assert isinstance(result, Submission | Unreadable)


def test_a_source_that_is_no_text_keeps_its_place_and_is_noted(tmp_path):
    result = handed_in(tmp_path, notebook(code(7), code([1, "x"]), code("x = 1")))
    assert isinstance(result, Submission)
    assert result.cells == ["", "", "x = 1"]
    assert "cell 1: its source is a number" in result.notes[0]
    assert "cell 2: its source is a list" in result.notes[1]


def test_half_a_character_never_reaches_the_results(tmp_path):
    result = handed_in(
        tmp_path, r'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "\ud800"}]}'
    )
    assert isinstance(result, Submission)
    assert result.cells == ["\ufffd"]
    assert "half of a character" in result.notes[0]


def test_a_huge_file_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "attention.ipynb"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse: takes no space
    result = read_submission(path, "ada", "attention")
    assert isinstance(result, Unreadable)
    assert "has 20.0 MB, and at most 20 MB are read. Clear all outputs" in result.message
    assert result.digest == ""


def test_a_name_that_would_write_to_the_terminal_is_shown_escaped(tmp_path):
    result = read_submission(tmp_path / "none.ipynb", "a\x1b[2Jda", "attention")
    assert isinstance(result, Unreadable)
    assert r"a\x1b[2Jda/none.ipynb" in result.message


def test_a_name_that_is_not_utf_8_is_shown_escaped(tmp_path):
    result = read_submission(tmp_path / os.fsdecode(b"\xff.ipynb"), "ada", "attention")
    assert isinstance(result, Unreadable)
    assert result.message.startswith(r"ada/\udcff.ipynb: ")
    result.message.encode("utf-8")


def with_heading(version: int, **level: object) -> dict:
    heading = {"cell_type": "heading", "source": "Title", **level}
    return old_notebook(version) | {"worksheets": [{"cells": [heading]}]}


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("level", [0, 7, 10**6, -1, "6", 1.5, True, None, [1]])
def test_a_heading_of_an_impossible_level_is_refused(tmp_path, version, level):
    result = handed_in(tmp_path, with_heading(version, level=level))
    assert isinstance(result, Unreadable)
    assert "cell 1 is a heading whose level is no whole number from 1 to 6." in result.message
    assert result.message.endswith("Open it in Jupyter, save it and hand it in again.")


@pytest.mark.parametrize("level", [{}, {"level": 1}, {"level": 6}])
def test_a_heading_of_a_possible_level_is_read(tmp_path, level):
    assert isinstance(handed_in(tmp_path, with_heading(3, **level)), Submission)


def test_a_large_notebook_of_an_old_format_is_refused(tmp_path):
    old = old_notebook(3) | {"padding": "x" * MAX_OLD_BYTES}
    result = handed_in(tmp_path, old)
    assert isinstance(result, Unreadable)
    assert "format 3 with 2.0 MB, and at most 2 MB of an old format" in result.message
    assert "save it" in result.message


def test_an_old_notebook_of_too_many_cells_is_refused_before_it_is_upgraded(tmp_path, monkeypatch):
    monkeypatch.setattr("nbformat.reads", None)
    cell = {"cell_type": "raw", "source": ""}
    old = old_notebook(3) | {"worksheets": [{"cells": [cell] * 2000}, {"cells": [cell]}]}
    result = handed_in(tmp_path, old)
    assert isinstance(result, Unreadable)
    assert "has 2001 cells, and at most 2000" in result.message


def test_outputs_of_an_old_notebook_cost_nothing(tmp_path):
    # nbformat took minutes to list what is wrong with these.
    cell = {"cell_type": "code", "input": "x = 1", "outputs": [{"output_type": "stream"}] * 20_000}
    started = time.monotonic()
    result = handed_in(tmp_path, old_notebook(3) | {"worksheets": [{"cells": [cell]}]})
    assert isinstance(result, Submission)
    assert result.cells == ["x = 1"]
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("data", [GOOD_TEXT.encode(), b"not JSON", b""])
def test_the_digest_alone_is_that_of_the_reader(tmp_path, data):
    result = handed_in(tmp_path, data)
    assert digest_of(tmp_path / "attention.ipynb") == result.digest != ""


def test_what_cannot_be_read_has_no_digest(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert [digest_of(tmp_path / name) for name in ("pipe", "huge", "none", ".")] == [""] * 4
