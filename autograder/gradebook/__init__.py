"""The gradebook: every attempt that was graded, and the marks that people set by hand."""

from autograder.gradebook.database import GradebookError
from autograder.gradebook.ledger import Attempt, Gradebook
from autograder.gradebook.scores import FinalScore, ManualMark

__all__ = ["Attempt", "FinalScore", "Gradebook", "GradebookError", "ManualMark"]
