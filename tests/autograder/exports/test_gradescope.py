"""results.json for Gradescope, and the zip of an assignment."""

import io
import json
import re
import subprocess
import zipfile

import pytest

from autograder.exports import (
    gradescope_json,
    gradescope_package,
    gradescope_refusal,
    gradescope_results,
    gradescope_zip,
)
from autograder.exports.gradescope_package import pins, requirements
from autograder.results import (
    CheckResult,
    CheckStatus,
    ClassResults,
    ExerciseResult,
    ExerciseStatus,
    Grade,
    SubmissionResult,
    SubmissionStatus,
)

from .readers import read_gradescope


def check(name: str, points: float, most: float = 1.0, message: str = "") -> CheckResult:
    status = CheckStatus.PASSED if points else CheckStatus.FAILED
    return CheckResult(name=name, status=status, points=points, max_points=most, message=message)


EXERCISE = ExerciseResult(
    name="causal_mask",
    status=ExerciseStatus.FAILED,
    score=1.0,
    max_score=3.0,
    diagnosis=["sees one position ahead"],
    hint="Which diagonal?",
    counterexample="causal_mask(2)\n<b>[[1, 1], [1, 1]]</b>",
    read_title="Masks",
    checks=[check("a", 1.0), check("b", 0.0, 1.0, "differs at (0, 1)"), check("c", 0.0, 1.0)],
)
SUBMISSION = SubmissionResult(
    learner="ada",
    stem="attention",
    status=SubmissionStatus.GRADED,
    score=1.0,
    max_score=3.0,
    seconds=0.4,
    exercises=[EXERCISE],
)
UNREADABLE = SubmissionResult(
    learner="bob",
    stem="attention",
    status=SubmissionStatus.UNREADABLE,
    score=0.0,
    max_score=3.0,
    message="bob/attention.ipynb: is empty\x1b[0m",
)


def test_each_check_is_a_test_and_the_points_add_up():
    read = read_gradescope(gradescope_json(SUBMISSION, isolation="full"))
    assert [test["name"] for test in read["tests"]] == [f"causal_mask: {name}" for name in "abc"]
    assert [test["number"] for test in read["tests"]] == ["1.1", "1.2", "1.3"]
    assert [test["status"] for test in read["tests"]] == ["passed", "failed", "failed"]
    assert sum(test["score"] for test in read["tests"]) == read["score"] == 1
    assert sum(test["max_score"] for test in read["tests"]) == 3
    assert read["output"] == "attention: 1 of 3 points."
    assert "leaderboard" not in read


def test_the_mistake_is_named_once_at_the_first_check_that_shows_it():
    outputs = [
        test["output"]
        for test in read_gradescope(gradescope_json(SUBMISSION, isolation="full"))["tests"]
    ]
    assert outputs[0] == outputs[2] == ""
    assert outputs[1] == (
        "differs at (0, 1)\n\nThe mistake: sees one position ahead\n\nWhich diagonal?\n\n"
        "The smallest case that fails:\ncausal_mask(2)\n<b>[[1, 1], [1, 1]]</b>\n\nRead: Masks"
    )


def test_every_text_is_sent_as_plain_text():
    content = json.loads(gradescope_json(UNREADABLE, isolation="full"))
    formats = [value for name, value in content.items() if name.endswith("_format")]
    assert formats == ["text"] * 3
    assert content["output"] == (
        r"The notebook could not be read: bob/attention.ipynb: is empty\x1b[0m"
    )


def test_isolation_that_is_not_full_is_said():
    read = read_gradescope(gradescope_json(SUBMISSION, isolation="reduced"))
    assert read["output"].endswith("Graded in reduced isolation.")


def test_what_counts_is_the_final_grade():
    results = ClassResults(isolation="full", seed=1, submissions=[SUBMISSION, UNREADABLE])
    final = [Grade(learner="ada", stem="attention", score=2.5, max_score=3.0)]
    made = {who: read_gradescope(content) for who, _, content in gradescope_results(results, final)}
    assert (made["ada"]["score"], made["bob"]["score"]) == (2.5, 0)
    assert "The checks give 1; a person or a due date changed it." in made["ada"]["output"]


@pytest.mark.parametrize("visibility", ["hidden", "after_due_date", "after_published", "visible"])
def test_visibility_holds_for_the_whole_and_each_test(visibility):
    content = gradescope_json(SUBMISSION, isolation="full", visibility=visibility)
    read = read_gradescope(content)
    assert {read["visibility"], *(test["visibility"] for test in read["tests"])} == {visibility}


def test_a_refusal_is_a_result_as_well():
    read = read_gradescope(gradescope_refusal("no isolation\x00"))
    assert (read["score"], read["output"]) == (0, r"no isolation\x00")


@pytest.fixture(scope="module")
def packed():
    return zipfile.ZipFile(io.BytesIO(gradescope_zip("attention", torch_index="file:///a b")))


def test_the_zip_has_the_two_programs_in_its_root_and_they_may_run(packed):
    for name in ("setup.sh", "run_autograder"):
        entry = packed.getinfo(name)
        assert entry.external_attr >> 16 & 0o777 == 0o755
        assert packed.read(name).startswith(b"#!/usr/bin/env bash\n")
        subprocess.run(["bash", "-n"], input=packed.read(name), check=True)
        assert b"@" not in re.sub(rb'"\$\{?\w+\[@\]\}?"', b"", packed.read(name))


def test_the_zip_holds_the_grader_and_no_solution(packed):
    names = packed.namelist()
    assert {"package/autograder/__main__.py", "package/attnbook/attention.py"} <= set(names)
    assert "package/autograder/checks/test_attention.py" in names
    assert not [name for name in names if "__pycache__" in name or "solutions" in name]
    assert b"'file:///a b'" in packed.read("setup.sh")


def test_what_is_required_is_what_the_package_declares_and_pinned():
    pinned = {pin.partition("==")[0].lower() for pin in pins()}
    required = {re.split(r"[<>=~ ]", text)[0].lower() for text in requirements()}
    assert {"torch", "msgspec", "pytest", "click"} <= required
    assert "jupyter-book" not in required
    assert required <= pinned


def test_an_installed_package_is_asked_where_there_is_no_repository(tmp_path, monkeypatch):
    declared = ["torch>=2", "click>=8; extra == 'autograder'", 'ruff; extra == "dev"']
    monkeypatch.setattr(gradescope_package, "ROOT", tmp_path)
    monkeypatch.setattr(gradescope_package.metadata, "requires", lambda name: declared)
    assert requirements() == ["click>=8", "torch>=2"]


def test_the_same_grader_gives_the_same_zip():
    assert gradescope_zip("attention") == gradescope_zip("attention")


@pytest.mark.parametrize("stem", ["", "a b", "$(reboot)", "../x"])
def test_only_a_sheets_name_gets_into_a_script(stem):
    with pytest.raises(ValueError, match="a sheet's name has letters"):
        gradescope_zip(stem)
