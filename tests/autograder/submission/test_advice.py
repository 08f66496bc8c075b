"""Why an exercise was not graded is said with the file, the cell and the remedy."""

from __future__ import annotations

import pytest

from autograder.results import ExerciseResult, ExerciseStatus
from autograder.submission.advice import (
    RUN_ALL,
    Place,
    advised,
    answer_failed,
    cell_failed,
    not_a_function,
    nothing_defined,
)

FILE = "ada/attention.ipynb"
RIGHT = "def causal_mask(n):\n    return n\n"


def place(*cells: str) -> Place:
    return Place(FILE, ["import torch", *cells])


ERRORS = {
    "SyntaxError": "Correct that line",
    "IndentationError": "Correct that line",
    "TabError": "Correct that line",
    "NameError": "Define or import that name in a cell above",
    "ModuleNotFoundError": "Use torch, numpy and Python's own library",
    "ImportError": "Use torch, numpy and Python's own library",
    "FileNotFoundError": "Do not read or write files",
    "PermissionError": "Do not read or write files",
    "NotImplementedError": "Replace the stub with your answer",
    "SystemExit": "Remove what ends the process",
    "TooLarge": "Shorten the cell",
    "timeout": "Find what takes so long (a loop without an end?)",
    "crashed": "Remove what ends the process or fills its memory",
    "ZeroDivisionError": "Restart the kernel, run all cells",
}


@pytest.mark.parametrize("kind", ERRORS)
def test_a_cell_that_fails_is_named_with_the_remedy(kind: str) -> None:
    message = cell_failed(place(RIGHT), 2, kind, "because")
    assert message.startswith(f"{FILE}, code cell 2: {kind}: because. {ERRORS[kind]}")
    assert message.endswith(("hand in again.", RUN_ALL))


@pytest.mark.parametrize("kind", ERRORS)
def test_an_answer_that_fails_when_it_is_called_is_named_with_its_last_cell(kind: str) -> None:
    message = answer_failed(place(RIGHT, "x = 1", RIGHT), "causal_mask", kind, f"{kind}: because!")
    assert message.startswith(f"{FILE}, code cell 4: {kind}: because! {ERRORS[kind]}")


def unfinished(status: ExerciseStatus, message: str) -> ExerciseResult:
    return ExerciseResult(
        name="causal_mask", status=status, score=0.0, max_score=3.0, checks=[], message=message
    )


STATUSES = {
    ExerciseStatus.MISSING: "Replace the stub",
    ExerciseStatus.TIMEOUT: "Find what takes so long",
    ExerciseStatus.CRASHED: "Remove what ends the process",
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_result_that_is_none_is_completed_with_the_remedy(status: ExerciseStatus) -> None:
    result = unfinished(status, "it \x1b[2J did not work")
    message = advised(result, place(RIGHT)).message
    assert message.startswith(f"{FILE}, code cell 2: it \\x1b[2J did not work. {STATUSES[status]}")


@pytest.mark.parametrize("status", [ExerciseStatus.PASSED, ExerciseStatus.FAILED])
def test_a_verdict_needs_no_remedy(status: ExerciseStatus) -> None:
    result = unfinished(status, "as it was")
    assert advised(result, place(RIGHT)) is result


def test_a_result_with_an_error_is_completed_by_the_kind_of_the_error() -> None:
    result = unfinished(ExerciseStatus.ERROR, "NameError: x")
    message = advised(result, place(RIGHT)).message
    assert message.startswith(f"{FILE}, code cell 2: raised NameError. Define or import that name")


def test_an_answer_that_no_cell_seems_to_define_is_named_with_its_file() -> None:
    message = answer_failed(place("globals().update(f)"), "causal_mask", "timeout", "took long")
    assert message.startswith(f"{FILE}: took long. Find")


def test_a_long_message_does_not_push_the_remedy_out() -> None:
    message = cell_failed(place(RIGHT), 2, "NameError", "x" * 5000)
    assert len(message) < 1500
    assert message.endswith("Then hand in again.")


NOT_DEFINED = {
    "def Causal_Mask(n): pass": "Code cell 2 defines 'Causal_Mask': rename it to causal_mask,",
    "def causalMask(n): pass": "Code cell 2 defines 'causalMask': rename it to causal_mask,",
    "def causal_maks(n): pass": "Code cell 2 defines 'causal_maks': rename it to causal_mask,",
    "def c\u0430usal_mask(n): pass": "Code cell 2 defines 'c\u0430usal_mask': rename it",
    "class CausalMask: pass": "Code cell 2 defines 'CausalMask': rename it to causal_mask,",
    "# def causal_mask(n): pass": "Code cell 2 has causal_mask in a comment: remove the #,",
    "class Masks:\n    def causal_mask(n): pass": "Code cell 2 defines causal_mask inside",
    "%%writefile masks.py\n" + RIGHT: "Code cell 2 begins with %%writefile, which does not run it",
    " %%bash\n" + RIGHT: "Code cell 2 begins with %%bash, which does not run it here",
    "del x, causal_mask": "Code cell 2 deletes causal_mask: remove that line,",
    "def unmask(n): pass": "Write it into the sheet's cell, under exactly this name,",
    "%%time\nx = 1": "Write it into the sheet's cell",
}


@pytest.mark.parametrize("source", NOT_DEFINED)
def test_a_function_that_is_not_defined_is_missed_with_the_likely_reason(source: str) -> None:
    message = nothing_defined(place(source), "causal_mask", ["padding_mask"])
    assert message.startswith(f"{FILE}: the notebook defines no causal_mask. {NOT_DEFINED[source]}")
    assert message.endswith(" and hand in again.")


def test_another_exercise_is_no_misspelling_of_this_one() -> None:
    cells = place("def encoder(n): pass")
    assert "rename it" in nothing_defined(cells, "decoder")
    assert "rename it" not in nothing_defined(cells, "decoder", ["decoder", "encoder"])


def test_a_value_in_place_of_a_function_is_named_with_the_cell_that_made_it() -> None:
    message = not_a_function(place(RIGHT, "causal_mask = causal_mask(3)"), "causal_mask")
    assert message.startswith(f"{FILE}, code cell 3: causal_mask is a value in this notebook,")
    assert "Give the value another name" in message
