"""Writing all reports of a class, each whole or not at all."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from autograder.files import replace_file
from autograder.reports.pages import Run, class_page, learner_page
from autograder.reports.paths import report_path
from autograder.results import ClassResults


def write_reports(
    results: ClassResults,
    directory: Path,
    *,
    when: dt.datetime | None = None,
    book_url: str | None = None,
) -> Path:
    """Write every learner's report and the class page, and return the class page's path.

    The class page comes last, so that its links never lead nowhere. A page is replaced in one
    step; a run that is cut off leaves whole pages, old or new. Other files stay as they are.

    Args:
        results: The class.
        directory: Where ``index.html`` and ``reports/`` go; made where it is missing.
        when: What the pages call the time of the run; now by default.
        book_url: Address of the book's chapters, for links; without it sections are named only.
    """
    run = Run(results.isolation, results.seed, when or dt.datetime.now().astimezone())
    for submission in results.submissions:
        page = learner_page(submission, run=run, book_url=book_url)
        path = report_path(submission.learner, submission.stem)
        replace_file(directory / path, page.encode("utf-8"))
    index = directory / "index.html"
    replace_file(index, class_page(results, when=run.when).encode("utf-8"))
    return index
