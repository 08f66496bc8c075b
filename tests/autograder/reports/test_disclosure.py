"""A learner's page tells nothing of the inputs of the checks."""

from __future__ import annotations

import re
from types import SimpleNamespace

import msgspec
import pytest

from autograder.assessment import assess, without_answer
from autograder.checks.draw import Draw
from autograder.checks.session import with_checks
from autograder.faults import fault_models
from autograder.reports import Run, learner_page
from autograder.reports.disclosure import for_learner
from autograder.results import CheckStatus, ExerciseStatus, SubmissionResult

SEED = 735918264
pytestmark = pytest.mark.slow
MODELS = fault_models("attention")


def told(query, key, mask=None):
    """Put all that is given into an error's text."""
    raise ValueError(f"{query.tolist()} {key.tolist()}")


def told_in_a_name(query, key, mask=None):
    """Put it into the name of the error's type."""
    raise type(f"not checked {query.tolist()}", (Exception,), {})("x")


def wrong(query, key, mask=None):
    """Be wrong, without an error."""
    return query @ key.transpose(-2, -1)


@pytest.fixture
def drawn(monkeypatch):
    """Return the list of all numbers that the checks draw from now on."""
    numbers, normal = [], Draw.normal

    def remember(self, *shape, **more):
        values = normal(self, *shape, **more)
        numbers.extend(values.flatten().tolist())
        return values

    monkeypatch.setattr(Draw, "normal", remember)
    return numbers


@pytest.mark.parametrize("function", [told, told_in_a_name, wrong])
def test_no_number_that_a_check_drew_and_no_seed_is_on_the_page(function, drawn, parse):
    student = SimpleNamespace(attention_weights=function)
    results = []
    with_checks(
        ["attention"],
        lambda checks: results.append(assess(checks, MODELS, "attention_weights", student, SEED)),
    )
    (exercise,) = results
    assert exercise.status is not ExerciseStatus.PASSED
    given = {written for number in drawn for written in as_printed(number)}
    assert len(given) > 1000
    if function is told:
        assert given & numbers(exercise.checks[0].message), "the attack is none"
    page = parse(learner_page(page_of(exercise), run=Run("full", SEED)))
    body = page.all("body")[0].raw_text
    assert given & numbers(body) == set()
    assert str(SEED) not in body


def as_printed(number):
    """Return a number as Python, a page or a rounding message may print it."""
    forms = {str(abs(number)), f"{abs(number):.4g}", f"{abs(number):.4f}"}
    return {form for form in forms if len(form) > 4}


def numbers(text):
    return set(re.findall(r"\d+\.\d+", text))


def page_of(exercise):
    return SubmissionResult(
        learner="ada",
        stem="attention",
        status="graded",
        score=exercise.score,
        max_score=exercise.max_score,
        exercises=[exercise],
    )


def erring(answers, status, *messages, message=""):
    exercise = answers("causal_mask", "sees one ahead")
    checks = [
        msgspec.structs.replace(exercise.checks[0], status=CheckStatus.ERROR, message=one)
        for one in messages
    ]
    return msgspec.structs.replace(exercise, status=status, checks=checks, message=message)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("ValueError: 0.123", "raised ValueError"),
        ("NotImplementedError: 0.123", "raised NotImplementedError"),
        ("Secret0123: x", "raised an error of its own kind"),
        ("print: x", "raised an error of its own kind"),
        ("0.123", "raised an error of its own kind"),
        ("", ""),
        ("not checked", "not checked"),
    ],
)
def test_of_an_error_inside_a_check_only_the_kind_is_told(answers, message, shown):
    exercise = erring(answers, ExerciseStatus.FAILED, message)
    assert for_learner(exercise).checks[0].message == shown


def test_the_exercises_message_is_kept_unless_a_check_gave_it(answers):
    own = erring(answers, ExerciseStatus.ERROR, "ValueError: 0.1", message="ValueError: 0.1")
    assert for_learner(own).message == "raised ValueError"
    cell = erring(answers, ExerciseStatus.ERROR, "not checked", message="Cell 7: NameError: kye")
    assert for_learner(cell).message == "Cell 7: NameError: kye"


@pytest.mark.parametrize("status", [ExerciseStatus.TIMEOUT, ExerciseStatus.CRASHED])
def test_the_graders_own_words_are_kept_and_the_learners_before_them_are_not(answers, status):
    exercise = erring(answers, status, "ValueError: 0.1", "took too long", message="took too long")
    messages = [check.message for check in for_learner(exercise).checks]
    assert messages == ["raised ValueError", "took too long"]


def test_what_a_check_that_does_not_hold_says_is_kept(sample):
    for submission in sample.submissions:
        for exercise in submission.exercises:
            if exercise.status is ExerciseStatus.FAILED:
                assert for_learner(exercise) is exercise


def test_the_words_for_what_was_not_checked_are_the_graders():
    results = []
    with_checks(
        ["attention"],
        lambda checks: results.append(
            without_answer(checks, "causal_mask", ExerciseStatus.MISSING, "not there")
        ),
    )
    assert for_learner(results[0]) == results[0]
