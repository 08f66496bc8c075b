"""Each kind of broken file is named with its place and with what to do about it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.submission import Submission, Unreadable, find_submissions, read_submission
from autograder.submission.reading import MAX_BYTES

from .broken_files import BROKEN, ITSELF

STEMS = ["attention", "multihead"]
AGAIN = "Hand it in again; a link may point to a file that is not there."


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_with_its_cell_and_the_remedy(tmp_path: Path, kind: str) -> None:
    broken = BROKEN[kind]
    (tmp_path / "attention.ipynb").write_bytes(broken.data)
    result = read_submission(tmp_path / "attention.ipynb", "ada", "attention")
    assert isinstance(result, Submission if broken.read else Unreadable), result
    messages = result.notes if isinstance(result, Submission) else [result.message]
    [message] = [message for message in messages if broken.says in message]
    assert message.startswith("ada/attention.ipynb: ")
    assert len(message) < 500
    assert broken.remedy in message
    assert broken.cell is None or f"cell {broken.cell}" in message


Make = Callable[[Path], object]


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)


NO_PLAIN_FILE: dict[str, tuple[Make, str, str]] = {
    "a folder": (Path.mkdir, "is a folder.", "Put the notebook itself there."),
    "a pipe": (os.mkfifo, "is a pipe or a device", "Put the notebook itself there."),
    "a socket": (bound_socket, "cannot be opened", "Hand it in again as a plain file."),
    "nothing": (lambda path: None, "No such file", AGAIN),
    "a link to nothing": (lambda path: path.symlink_to("gone"), "No such file", AGAIN),
    "a device": (
        lambda path: path.symlink_to("/dev/null"),
        "is a pipe or a device",
        "Put the notebook itself there.",
    ),
    "a file of more than 20 MB": (
        sparse,
        "has 20.0 MB, and at most 20 MB are read",
        "Clear all outputs in Jupyter (Edit, Clear Outputs of All Cells), save and hand it in",
    ),
}


@pytest.mark.parametrize("kind", NO_PLAIN_FILE)
def test_what_is_no_plain_file_is_named_with_the_remedy(tmp_path: Path, kind: str) -> None:
    make, says, remedy = NO_PLAIN_FILE[kind]
    make(tmp_path / "attention.ipynb")
    result = read_submission(tmp_path / "attention.ipynb", "ada", "attention")
    assert isinstance(result, Unreadable)
    assert result.message.startswith("ada/attention.ipynb: ")
    assert says in result.message
    assert remedy in result.message


def test_a_file_that_may_not_be_read_is_named_with_the_remedy(tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:  # root may read everything, so the refusal is played
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    result = read_submission(tmp_path / "attention.ipynb", "ada", "attention")
    assert isinstance(result, Unreadable)
    assert result.message == (
        "ada/attention.ipynb: cannot be opened (Permission denied). "
        "Give the grader permission to read it (chmod u+r)."
    )


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")


def linked(root: Path, name: str) -> None:
    """Link to a notebook that lies outside the class."""
    put(root.parent / "outside/attention.ipynb")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(root.parent / "outside" / Path(name).name)


def folder_linked(root: Path) -> None:
    put(root.parent / "outside/attention.ipynb")
    (root / "eve").symlink_to(root.parent / "outside")


def linked_to_itself(root: Path) -> None:
    (root / "ada").mkdir()
    (root / "ada/attention.ipynb").symlink_to("attention.ipynb")


NAMES = "attention.ipynb, multihead.ipynb"
UP = "Folders inside a learner's folder are not searched. Move its notebooks up."
TWICE = "Delete the one that does not count."
ALIKE = "If they are one, put the notebooks into one folder."
OUTSIDE_LINK = "refused, a link that leaves the learner's folder. Put the notebook itself there."
IN_THE_CLASS: dict[str, tuple[Make, str]] = {
    "a loose notebook": (
        lambda root: put(root / "attention.ipynb"),
        "attention.ipynb: not graded. Put it into a folder that bears the learner's name.",
    ),
    "a folder that is a link": (
        folder_linked,
        "eve: refused, a link that leaves the folder of submissions. Put the folder itself there.",
    ),
    "a notebook that is a link": (
        lambda root: linked(root, "ada/attention.ipynb"),
        f"ada/attention.ipynb: {OUTSIDE_LINK}",
    ),
    "a link to itself": (linked_to_itself, f"ada/attention.ipynb: {OUTSIDE_LINK}"),
    "a copy with a number": (
        lambda root: put(root / "ada/attention (1).ipynb"),
        f"ada/attention (1).ipynb: not graded. Rename it if it is one of {NAMES}.",
    ),
    "an office document": (
        lambda root: put(root / "ada/answers.docx"),
        f"ada/answers.docx: not graded. Rename it if it is one of {NAMES}.",
    ),
    "a folder in a folder": (
        lambda root: put(root / "ada/week 3/attention.ipynb"),
        f"ada/week 3: not graded. {UP}",
    ),
    "an empty folder": (
        lambda root: (root / "ada").mkdir(),
        f"ada: no notebook to grade in this folder. Put {NAMES} there.",
    ),
    "a folder whose name is no text": (
        lambda root: (root / os.fsdecode(b"ad\xff")).mkdir(),
        r"ad\udcff: not graded, the folder's name is not UTF-8. Rename the folder.",
    ),
    "two spellings of one name": (
        lambda root: (put(root / "ada/attention.ipynb"), put(root / "ada/Attention.ipynb")),
        f"ada/Attention.ipynb: not graded, attention.ipynb was taken. {TWICE}",
    ),
    "two learners who look alike": (
        lambda root: (put(root / "ada/attention.ipynb"), put(root / "Ada/attention.ipynb")),
        f"ada and Ada: names that look alike; they are graded as two learners. {ALIKE}",
    ),
}


@pytest.mark.parametrize("kind", IN_THE_CLASS)
def test_what_is_wrong_in_the_folder_of_a_class_is_named_with_the_remedy(
    tmp_path: Path, kind: str
) -> None:
    make, note = IN_THE_CLASS[kind]
    (tmp_path / "class").mkdir()
    make(tmp_path / "class")
    assert note in find_submissions(tmp_path / "class", STEMS).notes


def test_a_folder_that_may_not_be_read_is_named_with_the_remedy(tmp_path, monkeypatch) -> None:
    put(tmp_path / "ada/attention.ipynb")
    iterdir = Path.iterdir

    def refuse(folder: Path) -> object:
        if folder.name == "ada":
            raise PermissionError(13, "Permission denied")
        return iterdir(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    found = find_submissions(tmp_path, STEMS)
    assert found.notes == ["ada: cannot be read (Permission denied). chmod u+rx it."]


def test_an_export_in_place_of_the_notebook_is_named_with_the_remedy(tmp_path: Path) -> None:
    put(tmp_path / "ada/attention.py")
    [file] = find_submissions(tmp_path, STEMS).files
    file.path.write_text("import torch\n")
    result = read_submission(file.path, file.learner, file.stem)
    assert isinstance(result, Unreadable)
    assert result.message.startswith("ada/attention.py: is a script or plain text")
    assert result.message.endswith(ITSELF)
