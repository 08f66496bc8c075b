"""The folder of a class: what is graded, and that everything else in it is named."""

import os
from pathlib import Path

import pytest

from autograder.submission import Unreadable, find_submissions, read_submission

STEMS = ["attention", "multihead"]
LOOSE = "Put it into a folder that bears the learner's name."
TWICE = "not graded, attention.ipynb was taken. Delete the one that does not count."


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def taken(found) -> list[tuple[str, str, str]]:
    return [(file.learner, file.stem, file.path.name) for file in found.files]


def test_submissions_are_found_sorted_by_learner_and_stem(tmp_path):
    put(tmp_path, "bo/multihead.ipynb", "bo/attention.ipynb", "ada/attention.ipynb")
    found = find_submissions(tmp_path, STEMS)
    assert taken(found) == [
        ("ada", "attention", "attention.ipynb"),
        ("bo", "attention", "attention.ipynb"),
        ("bo", "multihead", "multihead.ipynb"),
    ]
    assert found.notes == []


@pytest.mark.parametrize(
    "name",
    [
        "Attention.ipynb",
        "attention.IPYNB",
        " attention .ipynb",
        "attention.ipynb ",
        "ａttention.ipynb",
    ],
)
def test_another_spelling_of_the_name_is_taken(tmp_path, name):
    put(tmp_path, f"ada/{name}")
    found = find_submissions(tmp_path, STEMS)
    assert taken(found) == [("ada", "attention", name)]


def test_the_exact_name_wins_and_the_other_is_named(tmp_path):
    put(tmp_path, "ada/ATTENTION.ipynb", "ada/attention.ipynb", "ada/attention.html")
    found = find_submissions(tmp_path, STEMS)
    assert taken(found) == [("ada", "attention", "attention.ipynb")]
    assert found.notes == [
        f"ada/ATTENTION.ipynb: {TWICE}",
        f"ada/attention.html: {TWICE}",
    ]


def test_another_spelling_of_the_name_wins_over_an_export(tmp_path):
    put(tmp_path, "ada/ATTENTION.html", "ada/attention.IPYNB")
    assert taken(find_submissions(tmp_path, STEMS)) == [("ada", "attention", "attention.IPYNB")]


@pytest.mark.parametrize("name", ["attention.py", "attention.html", "attention.ipynb.txt"])
def test_an_export_alone_is_taken_so_that_its_learner_hears_of_it(tmp_path, name):
    put(tmp_path, f"ada/{name}")
    [file] = find_submissions(tmp_path, STEMS).files
    file.path.write_text("import torch\n")
    result = read_submission(file.path, file.learner, file.stem)
    assert isinstance(result, Unreadable)
    assert result.message.startswith(f"ada/{name}: is a script or plain text")


def test_a_folder_in_place_of_a_notebook_is_taken_so_that_its_learner_hears_of_it(tmp_path):
    (tmp_path / "ada/attention.ipynb").mkdir(parents=True)
    assert taken(find_submissions(tmp_path, STEMS)) == [("ada", "attention", "attention.ipynb")]


def test_what_is_not_graded_is_named(tmp_path):
    put(
        tmp_path,
        "ada/attention.ipynb",
        "ada/attention (1).ipynb",
        "ada/notes.docx",
        "ada/old/a.ipynb",
    )
    found = find_submissions(tmp_path, STEMS)
    expected = "Rename it if it is one of attention.ipynb, multihead.ipynb."
    assert taken(found) == [("ada", "attention", "attention.ipynb")]
    assert found.notes == [
        f"ada/attention (1).ipynb: not graded. {expected}",
        f"ada/notes.docx: not graded. {expected}",
        (
            "ada/old: not graded. Folders inside a learner's folder are not searched. "
            "Move its notebooks up."
        ),
    ]


def test_a_folder_without_a_notebook_and_a_loose_notebook_are_named(tmp_path):
    (tmp_path / "ada").mkdir()
    put(tmp_path, "attention.ipynb")
    found = find_submissions(tmp_path, STEMS)
    assert found.files == []
    assert found.notes == [
        "ada: no notebook to grade in this folder. Put attention.ipynb, multihead.ipynb there.",
        f"attention.ipynb: not graded. {LOOSE}",
    ]


def test_what_systems_leave_behind_is_passed_over(tmp_path):
    put(tmp_path, ".DS_Store", "__MACOSX/ada/attention.ipynb", "ada/attention.ipynb")
    put(tmp_path, "ada/.ipynb_checkpoints/attention-checkpoint.ipynb", "ada/._attention.ipynb")
    found = find_submissions(tmp_path, STEMS)
    assert taken(found) == [("ada", "attention", "attention.ipynb")]
    assert found.notes == []


def test_a_link_that_leaves_is_refused(tmp_path):
    root = tmp_path / "class"
    put(root, "ada/attention.ipynb")
    put(tmp_path, "secret/attention.ipynb")
    (root / "bo").mkdir()
    (root / "bo/attention.ipynb").symlink_to(root / "ada/attention.ipynb")
    (root / "cy").symlink_to(tmp_path / "secret")
    (root / "di").mkdir()
    (root / "di/attention.ipynb").symlink_to(root / "di/attention.ipynb")
    found = find_submissions(root, STEMS)
    assert taken(found) == [("ada", "attention", "attention.ipynb")]
    for start in (
        "bo/attention.ipynb: refused, a link that leaves the learner's folder.",
        "cy: refused, a link that leaves the folder of submissions.",
    ):
        assert any(note.startswith(start) for note in found.notes)
    assert any(note.startswith("di/attention.ipynb: refused") for note in found.notes)


def test_a_link_inside_the_learners_folder_is_followed(tmp_path):
    put(tmp_path, "ada/.work/sheet.ipynb")
    (tmp_path / "ada/attention.ipynb").symlink_to("./.work/sheet.ipynb")
    assert taken(find_submissions(tmp_path, STEMS)) == [("ada", "attention", "attention.ipynb")]


def test_names_are_data(tmp_path):
    names = ["=1+1", "Zoë Ø", "a\nb", "<b>", "o'neill", "日本"]
    put(tmp_path, *(f"{name}/attention.ipynb" for name in names))
    found = find_submissions(tmp_path, STEMS)
    assert sorted(file.learner for file in found.files) == sorted(names)


def test_a_folder_whose_name_is_not_text_is_named(tmp_path):
    (tmp_path / os.fsdecode(b"ad\xff")).mkdir()
    found = find_submissions(tmp_path, STEMS)
    assert found.notes == [
        r"ad\udcff: not graded, the folder's name is not UTF-8. Rename the folder."
    ]


def test_two_learners_whose_names_look_alike_are_both_graded_and_named(tmp_path):
    put(tmp_path, "Ada/attention.ipynb", "ada/attention.ipynb")
    found = find_submissions(tmp_path, STEMS)
    assert len(found.files) == 2
    [note] = found.notes
    assert note.startswith("ada and Ada: names that look alike; they are graded as two learners.")


def test_a_class_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(NotADirectoryError, match="is not a folder of submissions"):
        find_submissions(tmp_path / "none", STEMS)
