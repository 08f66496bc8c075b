"""A realistic class on the sheet ``attention``, with the chapter's mistakes under their names."""

from __future__ import annotations

import dataclasses
import datetime as dt

import msgspec

from autograder.reports import ClassTally, Run, class_pages
from autograder.results import (
    CheckResult,
    CheckStatus,
    ClassResults,
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)

CHECKS = {
    "attention_weights": [
        ("each query's weights sum to 1", 1.0),
        ("scores are divided by the square root of d_head", 1.0),
        ("a masked key gets no weight, whatever its score", 0.5),
        ("a query that sees nothing attends to nothing, and its gradient is finite", 0.5),
        ("the answer has one row for each query", 0.0),
    ],
    "scaled_dot_product_attention": [
        ("the output is the weighted mean of the values", 1.5),
        ("gradients reach query, key and value", 1.0),
        ("the inputs stay as they were", 0.5),
    ],
    "causal_mask": [
        ("a query never sees a later key", 2.0),
        ("the last query sees every key when there are more keys than queries", 1.0),
    ],
    "padding_mask": [
        ("a real token is seen and padding is not", 2.0),
        ("the mask broadcasts over heads and queries", 1.0),
    ],
}


@dataclasses.dataclass(frozen=True)
class Fault:
    """What one mistake looks like in a result."""

    name: str
    exercise: str
    failing: tuple[int, ...]
    hint: str
    read: str
    counterexample: str = ""


FAULTS = {
    fault.name: fault
    for fault in [
        Fault(
            "no scale",
            "attention_weights",
            (1,),
            "Your scores grow with d_head. What brings their spread back to 1?",
            "attention-scale",
            "query  [[1., 2., 2., 4.]]\nkey    [[1., 2., 2., 4.],\n        [0., 0., 0., 0.]]\n\n"
            "expected weights  [[1.0000, 0.0000]]  of scores 12.5 and 0\n"
            "your weights      [[1.0000, 0.0000]]  of scores 25.0 and 0",
        ),
        Fault(
            "softmax over the queries",
            "attention_weights",
            (0, 1),
            "Add up one row of your weights. Over which axis should they sum to 1?",
            "attention-softmax",
            "query  2 queries, key  3 keys, all zero\n\n"
            "expected  [[0.3333, 0.3333, 0.3333],\n           [0.3333, 0.3333, 0.3333]]\n"
            "yours     [[0.5000, 0.5000, 0.5000],\n           [0.5000, 0.5000, 0.5000]]",
        ),
        Fault(
            "empty row NaN",
            "attention_weights",
            (3,),
            "A row whose every score is −∞ is 0 / 0. What should a query get that may see nothing?",
            "attention-empty-row",
            "mask  [[False, False]]\n\nexpected  [[0., 0.]]\nyours     [[nan, nan]]",
        ),
        Fault(
            "weights detached",
            "scaled_dot_product_attention",
            (1,),
            "The output is right, yet query and key never learn. Where does the graph end?",
            "attention-gradients",
        ),
        Fault(
            "sees one ahead",
            "causal_mask",
            (0,),
            "Print causal_mask(3). Which key does query 0 see that it should not?",
            "attention-causal",
            "causal_mask(3)\n\n"
            "expected  [[1, 0, 0],\n           [1, 1, 0],\n           [1, 1, 1]]\n"
            "yours     [[1, 1, 0],\n           [1, 1, 1],\n           [1, 1, 1]]",
        ),
        Fault(
            "aligned to the wrong corner",
            "causal_mask",
            (1,),
            "With 2 new queries and 5 cached keys, where does the newest query stand?",
            "attention-causal",
        ),
        Fault(
            "inverted",
            "padding_mask",
            (0,),
            "True means “may attend”. What does your mask say of a real token?",
            "attention-padding",
        ),
    ]
}
NO_NAME = "no name"


def answer(exercise: str, what: str = "correct") -> ExerciseResult:
    """Return one exercise: correct, a fault's name, ``no name``, or a status."""
    points = [points for _, points in CHECKS[exercise]]
    if what == "correct":
        return _result(exercise, ExerciseStatus.PASSED, ())
    if what in FAULTS:
        fault = FAULTS[what]
        assert fault.exercise == exercise
        return _result(
            exercise,
            ExerciseStatus.FAILED,
            fault.failing,
            diagnosis=[fault.name],
            hint=fault.hint,
            read=fault.read,
            read_title="Step 2: scale",
            counterexample=fault.counterexample,
        )
    if what == NO_NAME:
        case = "query [[1.]]  key [[0.]]\n\nexpected  [[1.0]]\nyours     [[0.5]]"
        hint = "No known mistake gives this result. Start from the smallest case that fails."
        return _result(exercise, ExerciseStatus.FAILED, (0,), counterexample=case, hint=hint)
    messages = {
        "missing": "The notebook defines no function of this name.",
        "error": "Cell 7: NameError: name 'kye' is not defined\n"
        "  scores = query @ kye.mT\n                   ^^^",
        "timeout": "took longer than 5 seconds",
        "crashed": "used more than 1.5 GB of memory or crashed",
    }
    every = tuple(range(len(points)))
    return _result(exercise, ExerciseStatus(what), every, message=messages[what])


def _result(exercise, status, failing, **more) -> ExerciseResult:
    stopped = status not in (ExerciseStatus.PASSED, ExerciseStatus.FAILED)
    checks = [
        CheckResult(
            name=name,
            status=(CheckStatus.ERROR if stopped else CheckStatus.FAILED)
            if place in failing
            else CheckStatus.PASSED,
            points=0.0 if place in failing else points,
            max_points=points,
            message="largest difference 0.41, in row 2" if place in failing and not stopped else "",
        )
        for place, (name, points) in enumerate(CHECKS[exercise])
    ]
    return ExerciseResult(
        name=exercise,
        status=status,
        score=sum(check.points for check in checks),
        max_score=sum(check.max_points for check in checks),
        checks=checks,
        **more,
    )


def submission(
    learner: str, *wrong: tuple[str, str], flags=(), stem="attention"
) -> SubmissionResult:
    """Return one graded notebook; ``wrong`` holds pairs of an exercise and what happened."""
    happened = dict(wrong)
    exercises = [answer(exercise, happened.get(exercise, "correct")) for exercise in CHECKS]
    return SubmissionResult(
        learner=learner,
        stem=stem,
        status=SubmissionStatus.GRADED,
        score=sum(exercise.score for exercise in exercises),
        max_score=sum(exercise.max_score for exercise in exercises),
        seconds=0.21,
        flags=list(flags),
        exercises=exercises,
        digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    )


def unreadable(learner: str) -> SubmissionResult:
    """Return a notebook that is none."""
    return SubmissionResult(
        learner=learner,
        stem="attention",
        status=SubmissionStatus.UNREADABLE,
        score=0.0,
        max_score=12.0,
        message="attention.ipynb is not JSON: line 1, column 1. Was it saved while JupyterLab ran?",
    )


def with_exercise(result: SubmissionResult, exercise: ExerciseResult) -> SubmissionResult:
    """Return ``result`` with one exercise replaced."""
    exercises = [exercise if one.name == exercise.name else one for one in result.exercises]
    return msgspec.structs.replace(result, exercises=exercises)


def sixteen_learners() -> ClassResults:
    """Sixteen learners: faults, a pair of faults, unknown mistakes, every status, odd names."""
    weights, attention = "attention_weights", "scaled_dot_product_attention"
    causal, padding = "causal_mask", "padding_mask"
    pair = submission("Chidi Okafor", (weights, "no scale"))
    both = answer(weights, "no scale")
    both = msgspec.structs.replace(
        both,
        diagnosis=["no scale", "empty row NaN"],
        hint="First: what brings the spread back?\nSecond: what is 0 / 0?",
    )
    pair = with_exercise(pair, both)
    return ClassResults(
        isolation="full",
        seed=7,
        submissions=[
            submission("ada"),
            submission("Ben Carter", (weights, "no scale")),
            pair,
            submission("dora", (weights, "no scale"), (causal, "sees one ahead")),
            submission(
                "Émile Zátopek", (weights, "softmax over the queries"), (attention, "missing")
            ),
            submission("farah", (weights, "empty row NaN")),
            submission(
                "grace",
                flags=["attention_weights calls torch's scaled_dot_product_attention"],
            ),
            submission('=HYPERLINK("http://x")', (causal, "aligned to the wrong corner")),
            submission("<script>alert(1)</script>", (padding, NO_NAME), (causal, "sees one ahead")),
            submission("Иван Петров", (attention, "weights detached")),
            submission("陈小明"),
            submission("kim", (attention, "error"), (padding, "inverted")),
            submission(
                "Maria-Magdalena von Hohenstein-Waldburg",
                (weights, "timeout"),
                (attention, NO_NAME),
            ),
            submission("nils", *((exercise, "missing") for exercise in CHECKS)),
            submission("oluwaseun", (weights, "no scale"), (padding, "crashed")),
            unreadable("pat"),
        ],
    )


def tally(results: ClassResults) -> ClassTally:
    """Return ``results`` as a page of a class takes them in."""
    course = ClassTally()
    for result in results.submissions:
        course.add(result)
    return course


def class_page(results: ClassResults, *, when: dt.datetime | None = None, **more) -> str:
    """Return the class page of ``results``."""
    run = Run(results.isolation, results.seed, when)
    return class_pages(tally(results), run=run, **more)["index.html"]
