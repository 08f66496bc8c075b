"""GitHub Classroom: the workflow, and what it hands to the reporter."""

import pytest
import yaml

from autograder.exports import classroom_payload, classroom_refusal, classroom_workflow

from .readers import read_classroom
from .test_gradescope import SUBMISSION, UNREADABLE


def steps(**options):
    text = classroom_workflow("attention", "school/course", **options)
    workflow = yaml.safe_load(text)
    [job] = workflow["jobs"].values()
    return workflow, job, {step.get("name", step.get("uses")): step for step in job["steps"]}


def test_the_workflow_is_what_the_classroom_looks_for():
    workflow, job, _ = steps()
    assert workflow["name"] == "Autograding Tests"
    assert set(workflow["on"]) == {"push", "workflow_dispatch"}
    assert workflow["permissions"] == {"actions": "read", "checks": "write", "contents": "read"}
    assert list(workflow["jobs"]) == ["run-autograding-tests"]
    assert "github-classroom[bot]" in job["if"]
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])


def test_the_grader_comes_from_the_course_and_not_from_the_learner():
    _, _, found = steps(version="v1.2")
    grader = found["The grader"]["with"]
    assert (grader["repository"], grader["ref"], grader["path"]) == (
        "school/course", "v1.2", "course"
    )  # fmt: skip
    assert found["The learner's notebook"]["with"]["path"] == "submission"
    assert "course/constraints.txt" in found["What the grader needs"]["run"]


def test_what_is_graded_is_what_is_reported():
    _, _, found = steps()
    assert "grade-one attention submission --for classroom" in found["Grade"]["run"]
    identifier = found["Grade"]["id"]
    report = found["Report"]
    assert report["with"]["runners"] == identifier
    assert report["env"] == {
        f"{identifier.upper()}_RESULTS": f"${{{{ steps.{identifier}.outputs.result }}}}"
    }


@pytest.mark.parametrize(
    ("stem", "repository", "version"),
    [
        ("attention; id", "a/b", "main"),
        ("attention", "a", "main"),
        ("attention", 'a/b"\nrun: id', "main"),
        ("attention", "a/b", "main\nx"),
    ],
)
def test_nothing_but_names_gets_into_the_workflow(stem, repository, version):
    with pytest.raises(ValueError, match=r"got '"):
        classroom_workflow(stem, repository, version)


def test_the_reporter_adds_up_to_the_points():
    read = read_classroom(classroom_payload(SUBMISSION))
    assert (read["status"], read["max_score"]) == ("fail", 3)
    assert [(test["name"], test["score"]) for test in read["tests"]] == [("causal_mask", 1)]
    assert read["tests"][0]["message"] == "The mistake: sees one position ahead\nWhich diagonal?"


def test_what_could_not_be_graded_says_why():
    assert read_classroom(classroom_payload(UNREADABLE))["tests"][0]["message"].endswith(r"\x1b[0m")
    read = read_classroom(classroom_refusal("There is no notebook.", "attention"))
    assert (read["status"], read["tests"][0]["message"]) == ("error", "There is no notebook.")
