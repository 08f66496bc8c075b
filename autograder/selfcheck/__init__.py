"""Self-check: a learner's own functions, in their own kernel, with no marks at stake."""

from autograder.selfcheck.answer import Answer
from autograder.selfcheck.live import assess_answers, check_answers
from autograder.selfcheck.notebook import check_notebook
from autograder.selfcheck.text import as_text

__all__ = ["Answer", "as_text", "assess_answers", "check_answers", "check_notebook"]
