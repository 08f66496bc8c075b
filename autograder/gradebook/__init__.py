"""The gradebook: every attempt that was graded, the marks that people set, and the rules."""

from autograder.gradebook.explaining import explain
from autograder.gradebook.history import Event
from autograder.gradebook.late import RULES, Late
from autograder.gradebook.ledger import Attempt, Gradebook
from autograder.gradebook.problem import GradebookError
from autograder.gradebook.schema import DEFAULT_COURSE
from autograder.gradebook.scores import COUNTING, Extension, FinalScore, ManualMark, SheetRules

__all__ = [
    "COUNTING",
    "DEFAULT_COURSE",
    "RULES",
    "Attempt",
    "Event",
    "Extension",
    "FinalScore",
    "Gradebook",
    "GradebookError",
    "Late",
    "ManualMark",
    "SheetRules",
    "explain",
]
