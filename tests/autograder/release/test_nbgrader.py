"""A released notebook says to nbgrader what it is, and nbgrader agrees."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.checks.session import with_checks
from autograder.exports import take_from_nbgrader
from autograder.faults import fault_models
from autograder.release import nbgrader_source, release, stems
from autograder.release.nbgrader import exercise_points

ROOT = Path(__file__).parents[3]
PEERS = ROOT / ".venv-peers"
NOTEBOOKS = sorted((ROOT / "book/exercises").glob("*.ipynb"))
SHEET = Path(__file__).with_name("sample.md").read_text(encoding="utf-8")
CHECKS = """
@check("double", points=1)
def test_a(): ...

@check("double", points=0.5)
def test_b(): ...
"""


@pytest.fixture
def sample(tmp_path):
    for folder in ("solutions", "book", "autograder/checks"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "solutions/sample.md").write_text(SHEET, encoding="utf-8")
    (tmp_path / "book/sample.md").write_text("(sample-scale)=\n\n## Why divide\n")
    (tmp_path / "autograder/checks/test_sample.py").write_text(CHECKS)
    return tmp_path


def graded_cells(content: bytes) -> dict[str, dict]:
    cells = json.loads(content)["cells"]
    found = [cell["metadata"]["nbgrader"] for cell in cells if "nbgrader" in cell["metadata"]]
    return {one["grade_id"]: one for one in found}


def test_an_exercise_is_an_answer_that_a_person_grades_and_a_check_is_read_only(sample):
    source = (sample / "solutions/sample.md").read_text(encoding="utf-8")
    (sample / "solutions/sample.md").write_text(source.replace("check(double)", "double", 1))
    common = {"schema_version": 3, "cell_type": "code", "task": False}
    assert graded_cells(release("sample", sample)) == {
        "double": {
            "grade": True, "solution": True, "locked": False, "grade_id": "double", "points": 1.5
        } | common,
        "check-double": {
            "grade": False, "solution": False, "locked": True, "grade_id": "check-double"
        } | common,
    }  # fmt: skip


def test_an_answer_that_nothing_checks_has_no_points(sample):
    source = SHEET.replace("check(double)", "double")
    (sample / "solutions/sample.md").write_text(source, encoding="utf-8")
    [cell] = graded_cells(release("sample", sample)).values()
    assert cell["grade_id"] == "answer-double"
    assert (cell["grade"], cell["solution"], cell["locked"]) == (False, True, False)
    assert "points" not in cell


def test_two_checks_of_one_exercise_are_two_cells(sample):
    assert list(graded_cells(release("sample", sample))) == [
        "double",
        "check-double",
        "check-double-2",
    ]


def test_the_instructors_version_differs_by_the_solutions_alone(sample):
    learners, instructors = (
        json.loads(make("sample", sample))["cells"] for make in (release, nbgrader_source)
    )
    assert "SECRET = 2 * x" in json.dumps(instructors)
    assert [cell["id"] for cell in learners] == [cell["id"] for cell in instructors]
    changed = [ours for ours, theirs in zip(learners, instructors, strict=True) if ours != theirs]
    assert [cell["metadata"]["nbgrader"]["grade_id"] for cell in changed] == ["double"]
    # What is tagged as a solution is not part of the sheet, and never handed to nbgrader.
    assert "SECRET text" not in json.dumps(instructors)


@pytest.mark.parametrize("stem", stems())
def test_the_points_are_those_of_the_checks(stem):
    expected = {}

    def add(checks):
        for name in checks.exercises():
            expected[name] = sum(check.points for check in checks.checks(name))

    with_checks([stem], add)
    assert exercise_points(stem, ROOT) == expected
    cells = graded_cells(release(stem))
    assert {name: cells[name]["points"] for name in fault_models(stem)} == expected


@pytest.fixture(scope="module")
def peers() -> Path:
    if not (PEERS / "bin/nbgrader").exists():
        pytest.skip("nbgrader is not installed: make peers")
    return PEERS / "bin"


@pytest.fixture
def course(peers, tmp_path):
    """A hub's course: call it with a folder and what nbgrader is to do there."""
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange").chmod(stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO)
    settings = (
        "c = get_config()\n"
        'c.CourseDirectory.course_id = "course"\n'
        f"c.Exchange.root = {str(tmp_path / 'exchange')!r}\n"
    )
    environment = {
        "PATH": f"{peers}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "OMP_NUM_THREADS": "1",
        # The learners' kernel has this project installed.
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
        "USER": "ada",
        "JUPYTERHUB_USER": "ada",
    }

    def nbgrader(folder: str, *command: str) -> str:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        (place / "nbgrader_config.py").write_text(settings)
        done = subprocess.run(
            [str(peers / "nbgrader"), *command],
            cwd=place,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    nbgrader.root = tmp_path
    return nbgrader


ACCEPTED = """
import json, sys
import nbformat
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import CheckCellMetadata, ComputeChecksums, LockCells

for path in sys.argv[1:]:
    notebook = nbformat.read(path, as_version=4)
    MetadataValidator().validate_nb(notebook)
    for step in (CheckCellMetadata, LockCells, ComputeChecksums):
        notebook, _ = step().preprocess(notebook, {"nbgrader": {"notebook": "x"}})
    MetadataValidator().validate_nb(notebook)
"""


@pytest.mark.slow
def test_nbgrader_accepts_every_released_notebook(peers):
    done = run(peers / "python", "-c", ACCEPTED, *NOTEBOOKS)
    assert done.returncode == 0, done.stderr
    assert "extra keys" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("form", ["html", "notebook", "script"])
def test_nbconvert_accepts_every_released_notebook(form, tmp_path):
    assert NOTEBOOKS
    options = ["--to", form, "--output-dir", tmp_path]
    done = run(sys.executable, "-m", "nbconvert", *options, *NOTEBOOKS)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.iterdir())) == len(NOTEBOOKS)


def run(*command: object) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=240)


@pytest.mark.slow
def test_a_hub_hands_a_sheet_out_collects_it_and_we_can_grade_it(course):
    place = course.root / "course/source/attention"
    place.mkdir(parents=True)
    (place / "attention.ipynb").write_bytes(nbgrader_source("attention"))
    course("course", "generate_assignment", "attention")
    released = (course.root / "course/release/attention/attention.ipynb").read_text()
    assert "SOLUTION" not in released
    assert "masked_fill" not in released
    assert "def attention_weights(" in released

    course("course", "release_assignment", "attention")
    course("learner", "fetch_assignment", "attention")
    handed_out = course.root / "learner/attention/attention.ipynb"
    tampered = json.loads(handed_out.read_text())
    for cell in tampered["cells"]:
        if "".join(cell["source"]) == "check(causal_mask)":
            cell["source"] = "print('all right')"
    handed_out.write_text(json.dumps(tampered))
    course("learner", "submit", "attention")
    course("course", "collect", "attention")
    course("course", "autograde", "attention", "--create")

    [graded] = (course.root / "course/autograded").rglob("*.ipynb")
    cells = nbformat.read(graded, as_version=4).cells
    assert [cell for cell in cells if cell.source == "check(causal_mask)"]  # put back

    taken = take_from_nbgrader(course.root / "course/submitted", course.root / "in", stems())
    assert (taken.notebooks, taken.notes) == (1, [])
    [copied] = (course.root / "in").glob("*/attention.ipynb")
    assert "print('all right')" in copied.read_text()
