"""Whether the sample class was graded as it was made: no mistake unnamed, none invented."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.demo.learners import Sample
from autograder.results import ClassResults


def missed(samples: Iterable[Sample], results: ClassResults) -> list[str]:
    """Return a line for each answer that was not named as the mistake it was made of."""
    found = {
        (submission.learner, exercise.name): frozenset(exercise.diagnosis)
        for submission in results.submissions
        for exercise in submission.exercises
    }
    return [
        f"{sample.learner}, {exercise}: made with {sorted(made) or 'no mistake'}, "
        f"diagnosed as {sorted(found.get((sample.learner, exercise), ()))}"
        for sample in samples
        for exercise, made in sample.mistakes.items()
        if found.get((sample.learner, exercise)) != made
    ]
