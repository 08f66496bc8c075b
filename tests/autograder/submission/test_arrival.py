"""When a notebook was handed in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.submission import handed_in


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that was changed last on 2 November 2026, 10:00 UTC."""
    path = tmp_path / "attention.ipynb"
    path.write_text("{}")
    os.utime(path, (1793613600, 1793613600))
    return path


def test_it_is_when_the_file_was_changed_last(notebook: Path) -> None:
    assert handed_in(notebook) == "2026-11-02T10:00:00+00:00"


TIMES = {
    "as nbgrader writes it": "2026-10-30 23:59:01.123456 UTC",
    "in another zone": "2026-10-31T01:59:01+02:00",
    "without a zone, in UTC": "2026-10-30 23:59:01\n",
}


@pytest.mark.parametrize("text", TIMES.values(), ids=TIMES)
def test_a_time_stamp_beside_it_is_believed_first(notebook: Path, text: str) -> None:
    notebook.with_name("timestamp.txt").write_text(text)
    assert handed_in(notebook) == "2026-10-30T23:59:01+00:00"


@pytest.mark.parametrize("content", [b"", b"yesterday", b"\xff\xfe", b"2" * 10_000])
def test_a_time_stamp_that_is_none_is_passed_over(notebook: Path, content: bytes) -> None:
    notebook.with_name("timestamp.txt").write_bytes(content)
    assert handed_in(notebook) == "2026-11-02T10:00:00+00:00"


def test_a_file_that_is_not_there_has_no_time(tmp_path: Path) -> None:
    assert handed_in(tmp_path / "attention.ipynb") == ""
