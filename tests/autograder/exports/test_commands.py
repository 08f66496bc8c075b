"""The commands that speak with other systems, from results.json to the file that is uploaded."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.cli.one_notebook import Refusal, find_notebook
from autograder.gradebook import Gradebook
from autograder.results import ClassResults, encode

from .readers import read_canvas, read_classroom, read_gradescope, read_moodle
from .test_canvas import EXPORT
from .test_gradescope import SUBMISSION, UNREADABLE
from .test_moodle import WORKSHEET

pytestmark = pytest.mark.slow

RESULTS = ClassResults(isolation="full", seed=7, submissions=[SUBMISSION, UNREADABLE])


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def graded(tmp_path) -> Path:
    """A class of two, graded: ada has 1 of 3 points, bob's notebook is unreadable."""
    folder = tmp_path / "graded"
    folder.mkdir()
    (folder / "results.json").write_bytes(encode(RESULTS))
    return folder


@pytest.fixture
def canvas(tmp_path) -> Path:
    path = tmp_path / "canvas.csv"
    path.write_bytes(EXPORT.replace(b"12.00", b"3.00"))
    return path


def with_gradebook(graded: Path) -> None:
    """Ada's mark was raised to 2.5 by hand, and bob has left the course."""
    with Gradebook(graded / "gradebook.sqlite") as book:
        book.record(RESULTS.submissions, seed=7, isolation="full")
        book.set_manual_mark("ada", "attention", score=2.5, comment="explained it to me")
        book.withdraw("bob")


def test_the_grades_of_the_gradebook_go_into_canvas(graded, canvas, tmp_path):
    with_gradebook(graded)
    out = tmp_path / "upload.csv"
    done = run("export", graded, "--format", "canvas", "--template", canvas, "--out", out)
    assert done.exit_code == 0, done.output
    assert "1 grades written" in done.output
    assert "bob, attention: no grade in the gradebook" in done.output
    assert read_canvas(out.read_bytes())["attention (812)"]["Lovelace, Ada"] == "2.5"


def test_a_grade_that_could_not_be_written_is_named_and_the_command_ends_with_1(
    graded, canvas, tmp_path
):
    out = tmp_path / "upload.csv"
    done = run("export", graded, "--format", "canvas", "--template", canvas, "--out", out)
    assert done.exit_code == 1
    assert "no gradebook at" in done.output
    assert "not written: bob: not in the file" in done.output
    assert read_canvas(out.read_bytes())["attention (812)"]["Lovelace, Ada"] == "1"


def test_a_list_of_learners_and_a_conversion_fill_moodles_worksheet(graded, tmp_path):
    template, names = tmp_path / "worksheet.csv", tmp_path / "names.csv"
    template.write_bytes(WORKSHEET)
    names.write_text("learner,id\nada,ada@example.edu\nbob,jose@example.edu\n")
    out = tmp_path / "upload.csv"
    options = ["--template", template, "--learners", names, "--out", out, "--scale"]
    done = run("export", graded, "--format", "moodle", *options)
    assert done.exit_code == 0, done.output
    read = read_moodle(out.read_bytes())
    assert (read["Participant 17"]["Grade"], read["Participant 18"]["Grade"]) == ("4", "0")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--column", "Nothing"], "no column is called 'Nothing'"),
        (["--stem", "masks"], "nothing is graded for the sheet 'masks'"),
        (["--column", "Homework 1"], "the file gives 10 points"),
        (["--course", "no such"], "no such"),
    ],
)
def test_what_cannot_be_filled_ends_with_2_and_nothing_is_written(
    graded, canvas, tmp_path, options, says
):
    with_gradebook(graded)
    out = tmp_path / "upload.csv"
    common = ["--format", "canvas", "--template", canvas, "--out", out]
    done = run("export", graded, *common, *options)
    assert done.exit_code == 2
    assert says in done.output
    assert not out.exists()


def test_a_list_of_another_form_ends_with_2(graded, canvas, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("who\n")
    options = ["--template", canvas, "--learners", names]
    done = run("export", graded, "--format", "canvas", *options)
    assert done.exit_code == 2
    assert "names.csv: the list of learners must begin" in done.output


@pytest.mark.parametrize("form", ["canvas", "moodle"])
def test_without_a_template_a_new_file_is_made(graded, form):
    done = run("export", graded, "--format", form)
    assert done.exit_code == 0
    assert "attention" in done.stdout
    assert "ada,,,,,1" in done.stdout or "ada,1" in done.stdout


def test_gradescope_has_a_folder_for_each_learner(graded):
    with_gradebook(graded)
    done = run("export", graded, "--format", "gradescope")
    assert done.exit_code == 0, done.output
    made = graded / "gradescope/attention"
    assert sorted(path.name for path in made.iterdir()) == ["ada", "bob"]
    assert read_gradescope((made / "ada/results.json").read_bytes())["score"] == 2.5


def test_the_commands_for_a_sheet_want_a_sheet(tmp_path):
    for command in (
        ["package", "no_such", "--out", tmp_path / "a.zip"],
        ["classroom", "no_such", "--repository", "a/b"],
        ["nbgrader", "no_such", "--out", tmp_path],
    ):
        done = run(*command)
        assert done.exit_code == 2
        assert "no_such" in done.output
    assert list(tmp_path.iterdir()) == []
    assert run("classroom", "attention", "--repository", "a").exit_code == 2


def test_each_other_system_gets_its_file(tmp_path):
    assert run("package", "attention", "--out", tmp_path / "a.zip").exit_code == 0
    workflow = run("classroom", "attention", "--repository", "school/course")
    assert "grade-one attention submission" in workflow.stdout
    assert run("nbgrader", "attention", "--out", tmp_path / "course").exit_code == 0
    assert (tmp_path / "a.zip").read_bytes()[:2] == b"PK"
    assert (tmp_path / "course/source/attention/attention.ipynb").is_file()


def test_what_nbgrader_collected_becomes_a_class(tmp_path):
    place = tmp_path / "submitted/ada/ps1"
    place.mkdir(parents=True)
    (place / "attention.ipynb").write_bytes(b"{}")
    done = run("collect", tmp_path / "submitted", "--out", tmp_path / "in")
    assert done.exit_code == 0
    assert (tmp_path / "in/ada/attention.ipynb").is_file()
    nothing = run("collect", place, "--out", tmp_path / "other")
    assert nothing.exit_code == 2
    assert "no notebook of a sheet" in nothing.output


class Grader:
    """Stands in for `autograder grade`: ends with a code, after leaving results if there are."""

    def __init__(self, code: int, complaint: str = "", results: ClassResults | None = None) -> None:
        self.code, self.complaint, self.results = code, complaint, results

    def __call__(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.command = command
        out = Path(command[command.index("--out") + 1])
        out.mkdir()
        if self.results:
            (out / "results.json").write_bytes(encode(self.results))
        return subprocess.CompletedProcess(command, self.code, "", self.complaint)


@pytest.fixture
def one(tmp_path, monkeypatch):
    """Grade one notebook with a stand-in for the grader: returns the answer's file too."""
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "attention.ipynb").write_bytes(b"{}")

    def grade(grader: Grader, system: str, *options: object) -> tuple[Result, Path]:
        monkeypatch.setattr(subprocess, "run", grader)
        out = tmp_path / "answer"
        arguments = ["attention", folder, "--for", system, "--out", out, *options]
        return run("grade-one", *arguments), out

    grade.folder = folder
    return grade


@pytest.mark.parametrize(
    ("code", "complaint", "says"),
    [
        (4, "no user namespaces", "cannot wall a notebook off"),
        (3, "no submission in x", "no submission in x"),
        (1, "Traceback: secret", "the grader failed. This is not your fault"),
        (-9, "", "the grader failed"),
    ],
)
def test_a_refusal_reaches_gradescope_as_a_result(one, code, complaint, says):
    done, out = one(Grader(code, complaint), "gradescope")
    assert done.exit_code == (max(1, code))
    read = read_gradescope(out.read_bytes())
    assert says in read["output"]
    assert "secret" not in read["output"]
    assert read["score"] == 0


def test_reduced_isolation_is_asked_for_only_where_it_was_said(one):
    grader = Grader(0, "", ClassResults(isolation="full", seed=1, submissions=[SUBMISSION]))
    one(grader, "gradescope")
    assert "--reduced" not in grader.command
    one(grader, "gradescope", "--reduced")
    assert "--reduced" in grader.command


def test_the_classrooms_line_is_added_to_what_the_file_holds(one):
    grader = Grader(0, "", ClassResults(isolation="full", seed=1, submissions=[SUBMISSION]))
    (one.folder.parent / "answer").write_text("other=1\n")
    done, out = one(grader, "classroom")
    assert done.exit_code == 0
    assert "causal_mask: not right yet" in done.output
    first, line = out.read_text().splitlines()
    assert first == "other=1"
    assert read_classroom(line.removeprefix("result="))["max_score"] == 3


def test_a_refusal_reaches_the_classroom_as_an_error(one):
    done, out = one(Grader(4, "no user namespaces"), "classroom")
    assert done.exit_code == 4
    assert read_classroom(out.read_text().strip().removeprefix("result="))["status"] == "error"


@pytest.mark.parametrize(
    "metadata",
    [None, b"", b"[]", b'{"users": 3}', json.dumps({"users": [{"name": "Ada"}]}).encode()],
)
def test_who_handed_in_may_be_unknown(one, tmp_path, metadata):
    path = tmp_path / "submission_metadata.json"
    if metadata is not None:
        path.write_bytes(metadata)
    grader = Grader(0, "", ClassResults(isolation="full", seed=1, submissions=[SUBMISSION]))
    done, _ = one(grader, "gradescope", "--metadata", path)
    assert done.exit_code == 0


def test_a_notebook_is_found_by_the_sheets_name_or_because_it_is_alone(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/Attention.ipynb").write_bytes(b"{}")
    assert find_notebook(tmp_path, "attention") == tmp_path / "sub/Attention.ipynb"
    (tmp_path / "masks.ipynb").write_bytes(b"{}")
    assert find_notebook(tmp_path, "attention") == tmp_path / "sub/Attention.ipynb"
    assert find_notebook(tmp_path, "heads") == Refusal(
        "There are several notebooks: masks.ipynb, sub/Attention.ipynb. "
        "Hand in one notebook, named heads.ipynb.",
        3,
    )
    (tmp_path / "sub/attention.ipynb").symlink_to("/etc/passwd")
    assert find_notebook(tmp_path, "attention") == tmp_path / "sub/Attention.ipynb"
