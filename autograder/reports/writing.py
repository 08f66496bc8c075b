"""Writing all reports of a class, each whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.files import replace_file
from autograder.reports import roster
from autograder.reports.pages import Run, class_pages, learner_page
from autograder.reports.paths import report_path
from autograder.reports.tally import ClassTally
from autograder.results import Cluster, SimilarPair, SubmissionResult


def write_reports(  # noqa: PLR0913 - what is true of all pages, each by its name
    results: Iterable[SubmissionResult],
    out: Path,
    *,
    isolation: str,
    seed: int,
    clusters: Sequence[Cluster] = (),
    similar: Sequence[SimilarPair] = (),
    when: dt.datetime | None = None,
    book_url: str | None = None,
) -> Path:
    """Write every learner's report and the class page, and return the class page's path.

    ``results`` is read once, and each is let go as soon as its page is written.

    Args:
        results: The submissions.
        out: Where ``index.html``, ``reports/`` and ``learners/`` go; made where it is missing.
        isolation: What held while they were graded.
        seed: Where the inputs of the checks were drawn from.
        clusters: Wrong answers that have no name; see `autograder.results.Cluster`.
        similar: Pairs of answers that are alike.
        when: What the pages call the time of the run; now by default.
        book_url: Address of the book's chapters, for links; without it sections are named only.
    """
    writer = ReportWriter(out, isolation=isolation, seed=seed, when=when, book_url=book_url)
    for result in results:
        writer.add(result)
    return writer.finish(clusters, similar)


class ReportWriter:
    """Write the reports of a class whose results come one at a time.

    The class page comes last, so that its links never lead nowhere. A page is replaced in one
    step; a run that is cut off leaves whole pages, old or new. Other files stay as they are.
    """

    def __init__(
        self,
        out: Path,
        *,
        isolation: str,
        seed: int,
        when: dt.datetime | None = None,
        book_url: str | None = None,
    ) -> None:
        self._out, self._book_url = out, book_url
        self._run = Run(isolation, seed, when or dt.datetime.now().astimezone())
        self._course = ClassTally()

    def add(self, result: SubmissionResult) -> None:
        """Write one learner's page, and count the result for the page of the class."""
        page = learner_page(result, run=self._run, book_url=self._book_url)
        _replace_quickly(self._out / report_path(result.learner, result.stem), page)
        self._course.add(result)

    def finish(self, clusters: Sequence[Cluster] = (), similar: Sequence[SimilarPair] = ()) -> Path:
        """Write the lists of learners and the class page, and return the class page's path."""
        pages = class_pages(
            self._course, run=self._run, directory=self._out, clusters=clusters, similar=similar
        )
        for path, page in pages.items():
            replace_file(self._out / path, page.encode("utf-8"))
        self._remove_surplus(set(pages))
        return self._out / "index.html"

    def _remove_surplus(self, pages: set[str]) -> None:
        """Remove the lists of learners of an earlier, larger class: no page leads there."""
        for file in (self._out / roster.FOLDER).glob("*-*.html"):
            if f"{roster.FOLDER}/{file.name}" not in pages:
                file.unlink()


def _replace_quickly(path: Path, page: str) -> None:
    """Do as `replace_file`, without waiting for the disk: that takes 10 ms for each of thousands.

    A killed run leaves the old page or the new one. A power cut may leave an empty one, which
    `autograder report` makes again from results.json.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(page.encode("utf-8"))
    draft.replace(path)
