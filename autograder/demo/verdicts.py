"""Whether the sample class was graded as it was made: no mistake unnamed, none invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograder.demo.learners import Sample
from autograder.results import ClassResults


def missed(course: Mapping[str, Iterable[Sample]], results: ClassResults) -> list[str]:
    """Return a line for each answer that was not named as the mistake it was made of.

    Args:
        course: The samples of each sheet, by its stem.
        results: What grading them gave.
    """
    found = {
        (submission.stem, submission.learner, exercise.name): frozenset(exercise.diagnosis)
        for submission in results.submissions
        for exercise in submission.exercises
    }
    return [
        f"{sample.learner}, {exercise}: made with {sorted(made) or 'no mistake'}, "
        f"diagnosed as {sorted(found.get((stem, sample.learner, exercise), ()))}"
        for stem, samples in course.items()
        for sample in samples
        for exercise, made in sample.mistakes.items()
        if found.get((stem, sample.learner, exercise)) != made
    ]
