"""What nbgrader collected becomes a class that can be graded."""

import datetime as dt
import os

import pytest

from autograder.exports import take_from_nbgrader


@pytest.fixture
def submitted(tmp_path):
    def hand_in(learner, assignment, name, content=b"{}", timestamp=None):
        folder = tmp_path / "submitted" / learner / assignment
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        if timestamp is not None:
            (folder / "timestamp.txt").write_text(timestamp)
        return folder / name

    hand_in.root = tmp_path / "submitted"
    hand_in.root.mkdir()
    return hand_in


def take(submitted, tmp_path, assignment=""):
    taken = take_from_nbgrader(submitted.root, tmp_path / "out", ["attention", "masks"], assignment)
    found = sorted(
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    )
    return taken, found


def test_each_sheet_goes_to_its_learner(submitted, tmp_path):
    submitted("ada", "ps1", "attention.ipynb", b"1")
    submitted("ada", "ps2", "masks.ipynb", b"2")
    submitted("=bob <x>", "ps1", "attention.ipynb", b"3")
    submitted("ada", ".ipynb_checkpoints", "attention.ipynb", b"4")
    taken, found = take(submitted, tmp_path)
    assert found == ["=bob <x>/attention.ipynb", "ada/attention.ipynb", "ada/masks.ipynb"]
    assert (taken.notebooks, taken.notes) == (3, [])


def test_one_assignment_can_be_chosen(submitted, tmp_path):
    submitted("ada", "ps1", "attention.ipynb")
    submitted("ada", "ps2", "masks.ipynb")
    assert take(submitted, tmp_path, "ps2")[1] == ["ada/masks.ipynb"]


def test_a_copy_bears_the_moment_at_which_it_was_handed_in(submitted, tmp_path):
    submitted("ada", "ps1", "attention.ipynb", timestamp="2026-11-23 09:42:35.115013 UTC")
    taken, _ = take(submitted, tmp_path)
    copied = tmp_path / "out/ada/attention.ipynb"
    moment = dt.datetime.fromtimestamp(copied.stat().st_mtime, dt.UTC)
    assert moment.isoformat(timespec="seconds") == "2026-11-23T09:42:35+00:00"
    assert taken.notes == []


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-23 09:42:35.115013 PST", "9" * 500])
def test_a_moment_that_cannot_be_read_is_noted_and_the_files_own_is_used(submitted, tmp_path, text):
    notebook = submitted("ada", "ps1", "attention.ipynb", timestamp=text)
    os.utime(notebook, (1_000_000, 1_000_000))
    taken, _ = take(submitted, tmp_path)
    assert (tmp_path / "out/ada/attention.ipynb").stat().st_mtime == 1_000_000
    assert taken.notes == [
        "ada/ps1/timestamp.txt: no moment that can be read; the file's own time is used"
    ]


def test_links_pipes_and_other_files_are_left_and_named(submitted, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s")
    submitted("ada", "ps1", "notes.ipynb")
    (submitted.root / "ada/ps1/attention.ipynb").symlink_to(secret)
    os.mkfifo(submitted.root / "ada/ps1/masks.ipynb")
    (submitted.root / "eve").symlink_to(tmp_path)
    taken, found = take(submitted, tmp_path)
    assert found == []
    assert taken.notes[:3] == [
        "ada/ps1/attention.ipynb: a link or no file, not taken",
        "ada/ps1/masks.ipynb: a link or no file, not taken",
        "ada/ps1/notes.ipynb: not a sheet, not taken",
    ]
    assert "no notebook of a sheet" in taken.notes[3]


def test_the_same_sheet_in_two_assignments_is_noted(submitted, tmp_path):
    submitted("ada", "ps1", "attention.ipynb", b"1")
    submitted("ada", "ps2", "attention.ipynb", b"2")
    taken, _ = take(submitted, tmp_path)
    assert taken.notes == ["ada/ps2/attention.ipynb: written over another one"]
