"""A behavior that learners share gets a name, and only answers that do the same have it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from autograder import faults
from autograder.assessment import assess
from autograder.checks.session import CheckSession, with_checks
from autograder.cli.mistakes import mistakes, name
from autograder.faults import MistakesError, fault_models, named, outdated
from autograder.faults.clusters import clusters
from autograder.faults.diagnose import Diagnosis, diagnose
from autograder.faults.named import VARIABLE, named_files
from autograder.results import Cluster, ExerciseResult, Unexplained
from autograder.selfcheck import assess_answers
from autograder.sheets import sheets

pytestmark = pytest.mark.slow
Answer = Callable[..., Any]
NAME = "the scores are squashed"
HINT = "By how much do you shrink the query?"


def squashed(answer: Answer, factor: float = 0.55) -> Answer:
    return lambda query, key, *others: answer(query * factor, key, *others)


def wrong(exercise: str = "attention_weights") -> Answer:
    return squashed(fault_models("attention")[exercise].faulty())


def cluster_of(answer: Answer, learners: int = 11, exercise: str = "attention_weights") -> Cluster:
    found = diagnose(fault_models("attention")[exercise], answer)
    return clusters(
        Unexplained(
            cluster=found.cluster,
            stem="attention",
            exercise=exercise,
            learner=f"learner {number:02}",
            source="def attention_weights(query, key, mask=None):\n    return [red]",
            counterexample=found.counterexample,
            behavior=found.behavior,
        )
        for number in range(learners)
    )[0]


# As it was before anything had a name.
SHARED = cluster_of(wrong())
RARE = cluster_of(squashed(wrong(), 0.3), 1)


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an instructor, and nothing of the course's own."""
    folder = tmp_path / "own"
    monkeypatch.setenv(VARIABLE, str(folder))
    monkeypatch.setattr(named, "NAMED", tmp_path / "course")
    monkeypatch.setattr(faults, "NAMED", tmp_path / "course")
    return folder


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """A class that is graded, with one cluster of 11 learners and one of 1."""
    write(tmp_path, [SHARED, RARE])
    return tmp_path


def write(folder: Path, content: list[Cluster]) -> None:
    (folder / "unexplained.json").write_bytes(msgspec.json.encode(content))


def run(command: Any, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def name_it(folder: Path, *more: object, called: str = NAME, hint: str = HINT) -> Result:
    return run(name, folder, SHARED.cluster, called, "--hint", hint, *more)


def assessed(**answers: Answer) -> dict[str, ExerciseResult]:
    return {result.name: result for result in assess_answers(answers, list(answers))}


def test_a_wrong_answer_without_a_name_has_a_cluster() -> None:
    result = assessed(attention_weights=wrong())["attention_weights"]
    assert result.cluster == SHARED.cluster
    assert result.diagnosis == []


def test_whoever_asks_is_told_of_each_wrong_answer_without_a_name() -> None:
    models = fault_models("attention")
    told: list[tuple[str, Diagnosis]] = []
    answers = (models["attention_weights"].faulty(), wrong())
    answers += (models["attention_weights"].faulty(["scores are not scaled"]),)

    def work(checks: CheckSession) -> None:
        for answer in answers:
            student = SimpleNamespace(attention_weights=answer)
            assess(
                checks,
                models,
                "attention_weights",
                student,
                7,
                unexplained=lambda exercise, diagnosis: told.append((exercise, diagnosis)),
            )

    with_checks(["attention"], work)
    ((exercise, diagnosis),) = told
    assert exercise == "attention_weights"
    assert diagnosis.cluster == SHARED.cluster
    assert diagnosis.behavior == SHARED.example.behavior
    assert diagnosis.counterexample == SHARED.example.counterexample


def test_a_right_answer_and_one_with_a_name_have_no_cluster() -> None:
    model = fault_models("attention")["attention_weights"]
    assert assessed(attention_weights=model.faulty())["attention_weights"].cluster == ""
    known = model.faulty(["scores are not scaled"])
    assert assessed(attention_weights=known)["attention_weights"].cluster == ""


def test_once_named_an_answer_that_does_the_same_has_that_name(graded: Path, own: Path) -> None:
    result = name_it(graded, "--read", "attention-scale")
    assert result.exit_code == 0, result.output
    assert str(own / "attention.json") in result.output
    assert "11 learners" in result.output
    model = fault_models("attention")["attention_weights"]
    for equivalent in model.equivalents:
        (one,) = diagnose(model, squashed(equivalent)).faults
        assert one.name == NAME
    assert diagnose(model, squashed(wrong(), 0.9)).faults == ()
    assert diagnose(model, model.faulty()).faults == ()
    found = assessed(attention_weights=wrong())["attention_weights"]
    assert found.diagnosis == [NAME]
    assert (found.hint, found.read, found.cluster) == (HINT, "attention-scale", "")
    assert found.counterexample


def test_a_fault_is_named_as_itself_although_other_behaviors_are_named(graded: Path) -> None:
    name_it(graded)
    model = fault_models("attention")["attention_weights"]
    for fault in model.faults:
        assert diagnose(model, model.faulty([fault.name])).faults == (fault,)


def test_nothing_follows_from_a_mistake_that_is_known_by_its_behavior_alone(graded: Path) -> None:
    name_it(graded)
    attention = wrong("scaled_dot_product_attention")
    found = assessed(attention_weights=wrong(), scaled_dot_product_attention=attention)
    assert found["attention_weights"].diagnosis == [NAME]
    assert found["scaled_dot_product_attention"].status == "failed"


def test_the_section_to_read_is_that_of_the_exercise_if_none_is_given(
    graded: Path, own: Path
) -> None:
    name_it(graded)
    (entry,) = json.loads((own / "attention.json").read_text())
    assert entry["read"] == "attention-softmax"


def test_a_file_of_names_is_sorted_and_has_a_line_for_each_probe(graded: Path, own: Path) -> None:
    other = RARE.cluster
    name_it(graded)
    assert run(name, graded, other, "a name before", "--hint", HINT).exit_code == 0
    text = (own / "attention.json").read_text()
    assert [entry["name"] for entry in json.loads(text)] == ["a name before", NAME]
    probes = fault_models("attention")["attention_weights"].probes
    assert len(text.splitlines()) == 2 * (len(probes) + 8) + 2
    assert not list(own.glob(".*"))


def test_a_cluster_can_be_given_by_its_first_digits(graded: Path) -> None:
    start = SHARED.cluster[:6]
    assert run(name, graded, start, NAME, "--hint", HINT).exit_code == 0


def test_a_folder_of_ones_own_is_made_and_said(
    graded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    result = name_it(graded, "--into", tmp_path / "mine")
    assert (tmp_path / "mine/attention.json").exists()
    assert f"set {VARIABLE}={tmp_path / 'mine'}" in result.output


def test_an_installed_course_asks_for_a_folder(
    graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)
    result = name_it(graded)
    assert result.exit_code == 2
    assert "--into" in result.output


@pytest.mark.parametrize(
    ("called", "hint", "more", "said"),
    [
        ("scores are not scaled", HINT, (), "has a mistake named 'scores are not scaled' already"),
        ("", HINT, (), "the name must be one line of 1 to 300 characters, got ''"),
        ("two\nlines", HINT, (), "the name must be one line"),
        ("x" * 301, HINT, (), "the name must be one line"),
        (NAME, "a\x1b[31m", (), "the hint must be one line"),
        (NAME, f"Is it that {NAME}?", (), "must not say the name"),
        (NAME, HINT, ("--read", "no-such-section"), "no section with the label 'no-such-section'"),
        (NAME, HINT, ("--read", "../x"), "no section with the label '../x'"),
    ],
)
def test_what_breaks_a_rule_is_not_written(
    graded: Path, own: Path, called: str, hint: str, more: tuple[str, ...], said: str
) -> None:
    result = name_it(graded, *more, called=called, hint=hint)
    assert result.exit_code == 2
    assert said in result.output
    assert not own.exists()


def test_a_behavior_is_named_once_and_a_name_is_given_once(graded: Path) -> None:
    other = RARE.cluster
    name_it(graded)
    again = name_it(graded, called="another name")
    assert f"this behavior has a name already: '{NAME}'" in again.output
    taken = run(name, graded, other, NAME, "--hint", HINT)
    assert f"attention_weights has a mistake named '{NAME}' already" in taken.output
    assert (again.exit_code, taken.exit_code) == (2, 2)


def test_a_behavior_that_faults_explain_has_their_names(graded: Path) -> None:
    model = fault_models("attention")["attention_weights"]
    names = ["scores are not scaled", "masked scores are set to 0"]
    blind = replace(model, faults=())
    found = diagnose(blind, model.faulty(names))
    one = SHARED
    example = msgspec.structs.replace(one.example, behavior=found.behavior)
    write(graded, [msgspec.structs.replace(one, example=example)])
    result = name_it(graded)
    assert result.exit_code == 2
    assert "'scores are not scaled' + 'masked scores are set to 0'" in result.output


def test_answers_that_are_right_on_every_probe_get_no_name(graded: Path) -> None:
    model = fault_models("attention")["attention_weights"]
    found = diagnose(model, model.faulty())
    one = SHARED
    example = msgspec.structs.replace(one.example, behavior=found.behavior)
    write(graded, [msgspec.structs.replace(one, example=example)])
    result = name_it(graded)
    assert result.exit_code == 2
    assert "add a probe on which they are wrong" in result.output


@pytest.mark.parametrize(
    ("identifier", "said"),
    [("0" * 12, "there is no cluster 000000000000; there are: "), ("abc", "there is no cluster")],
)
def test_an_unknown_cluster_is_an_error_that_lists_those_there_are(
    graded: Path, identifier: str, said: str
) -> None:
    for result in (
        run(name, graded, identifier, NAME, "--hint", HINT),
        run(mistakes, graded, identifier),
    ):
        assert result.exit_code == 2
        assert said in result.output
        assert SHARED.cluster in result.output


def test_first_digits_of_two_clusters_are_an_error(graded: Path) -> None:
    two = [msgspec.structs.replace(SHARED, cluster=f"abcdef{i}") for i in range(2)]
    write(graded, two)
    result = run(mistakes, graded, "abcdef")
    assert "more than one cluster begins with abcdef; there are: abcdef0, abcdef1" in result.output


def test_a_cluster_of_another_version_is_an_error(graded: Path) -> None:
    one = SHARED
    for changed in ({"stem": "recurrence"}, {"stem": "model"}, {"exercise": "gone"}):
        write(graded, [msgspec.structs.replace(one, **changed)])
        result = name_it(graded)
        assert result.exit_code == 2
        assert "which this version does not have" in result.output


def changed_probes(entry: dict[str, Any]) -> None:
    entry["behavior"][0]["inputs"] = "00000000"


def test_a_cluster_from_other_probes_is_not_named(graded: Path, own: Path) -> None:
    one = msgspec.json.decode(msgspec.json.encode(SHARED), type=Cluster)
    changed_probes({"behavior": one.example.behavior})
    write(graded, [one])
    result = name_it(graded)
    assert result.exit_code == 2
    assert "recorded on other probes than today's" in result.output
    assert not own.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed_probes, "the probes have changed since it was recorded"),
        (lambda entry: entry["behavior"].pop(), "the probes have changed"),
        (lambda entry: entry.update(exercise="gone"), "the sheet has no such exercise"),
        (lambda entry: entry.update(name="scores are not scaled"), "a fault of the course"),
    ],
)
def test_a_name_that_no_longer_applies_is_not_used_and_that_is_said(
    graded: Path, own: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    name_it(graded)
    assert outdated(sheets()) == []
    file = own / "attention.json"
    entries = json.loads(file.read_text())
    change(entries[0])
    file.write_text(json.dumps(entries))
    assert not any(model.named for model in fault_models("attention").values())
    (note,) = outdated(sheets())
    assert str(file) in note
    assert said in note


def test_an_outdated_name_can_be_given_anew(graded: Path, own: Path) -> None:
    name_it(graded)
    file = own / "attention.json"
    entries = json.loads(file.read_text())
    changed_probes(entries[0])
    file.write_text(json.dumps(entries))
    assert name_it(graded).exit_code == 0
    assert len(json.loads(file.read_text())) == 1
    assert outdated(sheets()) == []


def test_a_damaged_file_of_names_is_an_error_with_its_remedy(graded: Path, own: Path) -> None:
    name_it(graded)
    deep = (own / "attention.json").read_bytes().replace(b'"shape": ', b'"shape": ' + b"[" * 10**5)
    for damaged in (b"[{]", b"\xff", b'[{"name": 1}]', deep):
        (own / "attention.json").write_bytes(damaged)
        with pytest.raises(MistakesError, match="Take back the last change"):
            fault_models("attention")
        assert name_it(graded).exit_code == 2


def test_a_folder_that_is_not_there_is_said(own: Path) -> None:
    (note,) = outdated(sheets())
    assert note == f"{VARIABLE} is {str(own)!r}, which is no folder: its names are not used"


def test_the_files_that_decide_are_listed(graded: Path, own: Path) -> None:
    assert named_files() == []
    name_it(graded)
    assert named_files() == [own / "attention.json"]


def test_models_are_made_anew_only_when_a_name_is_given(graded: Path) -> None:
    before = fault_models("attention")
    assert fault_models("attention") is before
    name_it(graded)
    after = fault_models("attention")
    assert after is not before
    assert after["causal_mask"] is before["causal_mask"]


def test_the_list_says_how_many_share_a_mistake_and_shows_an_example(graded: Path) -> None:
    lines = run(mistakes, graded).output.splitlines()
    first = SHARED.cluster
    assert lines[0] == (
        f"11 learners share a mistake we have no name for (attention_weights, {first})"
    )
    assert lines[1] == "    attention_weights, one query, three keys"
    assert any(line.startswith("1 learner has a mistake we have no name for") for line in lines)


def test_one_cluster_is_shown_with_its_learners_an_answer_and_what_to_do(graded: Path) -> None:
    output = run(mistakes, graded, SHARED.cluster).output
    assert "learner 00, learner 01" in output
    assert "    return [red]" in output
    assert "autograder name" in output
    assert "Fault(" in output


def test_a_class_without_riddles_and_one_that_is_not_graded_are_told_apart(tmp_path: Path) -> None:
    nothing = run(mistakes, tmp_path)
    assert nothing.exit_code == 2
    assert "run `autograder grade` first" in nothing.output
    write(tmp_path, [])
    assert run(mistakes, tmp_path).output == "every wrong answer has a name\n"
    (tmp_path / "unexplained.json").write_bytes(b"{")
    assert run(mistakes, tmp_path).exit_code == 2


def test_the_courses_own_names_apply_and_tell_nothing_of_the_hint() -> None:
    folder = Path(sys.modules["autograder.faults.named"].__file__ or "").parent / "named"
    for file in folder.glob("*.json"):
        assert file.stem in sheets()
        for entry in named.read_names(file):
            assert entry.name.lower() not in entry.hint.lower()
