"""Grades in the formats that other programs read."""

from autograder.exports.grades import grades_csv

__all__ = ["grades_csv"]
