"""Reports as static pages: one for the class, one for each learner's notebook."""

from autograder.reports.pages import Run, class_pages, learner_page
from autograder.reports.paths import report_path
from autograder.reports.tally import ClassTally
from autograder.reports.writing import ReportWriter, write_reports

__all__ = [
    "ClassTally",
    "ReportWriter",
    "Run",
    "class_pages",
    "learner_page",
    "report_path",
    "write_reports",
]
