"""Reports as static pages: one for the class, one for each learner's notebook."""

from autograder.reports.pages import Run, class_page, learner_page
from autograder.reports.paths import report_path
from autograder.reports.writing import write_reports

__all__ = ["Run", "class_page", "learner_page", "report_path", "write_reports"]
