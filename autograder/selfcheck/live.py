"""Check functions that live in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from types import SimpleNamespace
from typing import Any

import torch

from autograder.assessment import assess
from autograder.checks.session import CheckSession, with_checks
from autograder.faults import fault_models
from autograder.faults.model import FaultModel
from autograder.results import ExerciseResult
from autograder.selfcheck.answer import Answer
from autograder.sheets import sheets

# The same inputs every time: a learner who mends a mistake should see it vanish.
SEED = 0


def check_answers(answers: Iterable[Callable[..., Any]], namespace: Mapping[str, Any]) -> None:
    """Check ``answers`` and show the result: rich in a notebook, plain in a terminal.

    Args:
        answers: The functions to check; all that ``namespace`` defines if there are none.
        namespace: The notebook's names, for exercises that build on one another.

    Raises:
        TypeError: If an answer is not a function or class.
        ValueError: If an answer has not the name of an exercise.
    """
    answers = list(answers)
    named = {_name(answer, namespace): answer for answer in answers}
    results = assess_answers(dict(namespace) | named, list(named))
    shown = Answer(results)
    if _in_a_notebook():
        from IPython.display import display

        display(shown)
    else:
        print(shown)


def assess_answers(namespace: Mapping[str, Any], names: list[str]) -> list[ExerciseResult]:
    """Return the results of the exercises ``names``; of all in ``namespace`` if it is empty.

    Raises:
        ValueError: If there is no exercise of such a name, or none in ``namespace``.
    """
    sheets = exercises()
    chosen = names or [name for name in sheets if name in namespace]
    unknown = [name for name in chosen if name not in sheets]
    if unknown or not chosen:
        problem = f"there is no exercise {unknown[0]!r}" if unknown else "nothing here to check"
        raise ValueError(f"{problem}; the exercises are {', '.join(sheets)}")
    stems = list(dict.fromkeys(sheets[name] for name in chosen))
    models = {name: model for stem in stems for name, model in fault_models(stem).items()}
    student = SimpleNamespace(**{name: namespace[name] for name in models if name in namespace})
    results: dict[str, ExerciseResult] = {}

    def work(checks: CheckSession) -> None:
        # What the functions print while they are checked would bury the answer.
        with redirect_stdout(io.StringIO()), _one_thread():
            for name in _with_what_they_build_on(chosen, models, student):
                results[name] = assess(checks, models, name, student, SEED, results)

    with_checks(stems, work)
    return [results[name] for name in chosen]


def _with_what_they_build_on(
    names: list[str], models: Mapping[str, FaultModel], student: SimpleNamespace
) -> list[str]:
    """Return the exercises to assess: before each those that it builds on, if they are there."""
    order: list[str] = []
    for name in names:
        follows = models[name].follow_through
        order += [other for other in follows.names if hasattr(student, other)] if follows else []
        order.append(name)
    return list(dict.fromkeys(order))


def exercises() -> dict[str, str]:
    """Return the stem of each exercise, by the exercise's name, in the order of the sheets."""
    return {name: stem for stem in sheets() for name in fault_models(stem)}


def _name(answer: Callable[..., Any], namespace: Mapping[str, Any]) -> str:
    """Return what the notebook calls a function, which may have been defined by another name."""
    if not hasattr(answer, "__name__"):
        raise TypeError(
            "check takes functions, such as check(causal_mask) without parentheses after the "
            f"name, got {type(answer).__name__}"
        )
    called = [name for name in exercises() if namespace.get(name) is answer]
    return called[0] if called else str(answer.__name__)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Small tensors gain nothing from more threads, and lose much on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _in_a_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
