"""Grading: from a folder of notebooks to results, each notebook in isolation."""

from autograder.grading.course import GradingError, Progress, grade

__all__ = ["GradingError", "Progress", "grade"]
