"""A sample class: notebooks made from the solutions, the known mistakes and the equivalents."""

from autograder.demo.learners import Sample, sample_class, write_class
from autograder.demo.verdicts import missed

__all__ = ["Sample", "missed", "sample_class", "write_class"]
