"""The three kinds of page, rendered: the class, a part of its learners, one learner's notebook.

A page stands alone: its style is inside, it runs no script and asks for nothing. The page of a
class is bounded: what grows with the class is cut, and says where the rest is.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import jinja2
import msgspec
from markupsafe import Markup

from autograder.book import chapter_title, in_reading_order
from autograder.reports import discrimination, mistakes, paths, wording
from autograder.reports.disclosure import for_learner
from autograder.reports.roster import RosterPage, rosters
from autograder.reports.summary import SheetSummary, sheets
from autograder.reports.tally import ClassTally, Row
from autograder.reports.unexplained import MOST_SHOWN, Unnamed, unnamed_mistakes
from autograder.results import (
    Cluster,
    ExerciseStatus,
    SimilarPair,
    SubmissionResult,
    SubmissionStatus,
)

MOST_NAMES = 40
MOST_NOTABLE = 50
MOST_PAIRS = 50

# No page may hold these: browsers drop or replace them, and surrogates cannot be written.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SAFE_ADDRESS = re.compile(r"(https?|file)://|(?![\w.+-]*:)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Run:
    """What is true of all submissions that were graded together."""

    isolation: str
    seed: int
    when: dt.datetime | None = None


@dataclasses.dataclass(frozen=True)
class Section:
    """One sheet on the page of a class, with what is known from outside its results.

    Attributes:
        roster: The pages that list its learners; none where the class page lists them.
        unnamed: Mistakes without a name.
        similar: Pairs of learners whose answers are alike, strongest first.
    """

    sheet: SheetSummary
    roster: Sequence[RosterPage]
    unnamed: Sequence[Unnamed]
    similar: Sequence[SimilarPair]


def class_pages(
    course: ClassTally,
    *,
    run: Run,
    directory: Path = Path(),
    clusters: Sequence[Cluster] = (),
    similar: Sequence[SimilarPair] = (),
) -> dict[str, str]:
    """Return the pages of a class by their paths: ``index.html`` last, which links to the others.

    Args:
        course: The submissions.
        run: When and how they were graded.
        directory: Where the class's results lie, for the commands that the page prints.
        clusters: Wrong answers that have no name, of all sheets.
        similar: Pairs of answers that are alike, of all sheets; strongest first.
    """
    by_stem = {sheet.stem: sheet for sheet in sheets(course)}
    summaries = [by_stem[stem] for stem in in_reading_order(by_stem)]
    lists = rosters(summaries)
    pages = {
        page.path: _render("roster.html", run=run, page=page, sheet=page.sheet)
        for pages_of_sheet in lists.values()
        for page in pages_of_sheet
    }
    sections = [
        Section(
            sheet,
            lists[sheet.stem],
            unnamed_mistakes(clusters, sheet.stem, directory),
            [pair for pair in similar if pair.stem == sheet.stem],
        )
        for sheet in summaries
    ]
    return pages | {"index.html": _render("class.html", run=run, sections=sections)}


def learner_page(
    submission: SubmissionResult, *, run: Run | None = None, book_url: str | None = None
) -> str:
    """Return the page of one submission; it tells nothing of the inputs of the checks.

    Args:
        submission: What was graded.
        run: Adds when and how it was graded, with a warning where isolation was not full.
        book_url: Address of the folder that holds the book's chapters.

    Raises:
        ValueError: If ``book_url`` is neither a web address, nor a file, nor a relative path.
    """
    if book_url is not None and not _SAFE_ADDRESS.match(book_url.strip()):
        raise ValueError(f"book_url must start with https:// or be a path, got {book_url!r}")
    shown = msgspec.structs.replace(
        submission, exercises=[for_learner(one) for one in submission.exercises]
    )
    return _render("learner.html", submission=shown, run=run, book_url=book_url)


def _render(template: str, **content: object) -> str:
    page = _templates().get_template(template).render(**content)
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", page)


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "book_link": _book_link,
        "aligned": wording.aligned,
        "chapter_title": chapter_title,
        "duration": wording.duration,
        "common_message": mistakes.common_message,
        "hints": mistakes.hints,
        "number": wording.number,
        "percent": wording.percent,
        "report_link": _report_link,
        "signed": wording.signed,
    }
    environment.globals |= {
        "wording": wording,
        "count": wording.count,
        "style": functools.cache(_style),
        "ExerciseStatus": ExerciseStatus,
        "SubmissionStatus": SubmissionStatus,
        "Verdict": discrimination.Verdict,
        "GROUP": discrimination.GROUP,
        "MOST_NAMES": MOST_NAMES,
        "MOST_NOTABLE": MOST_NOTABLE,
        "MOST_PAIRS": MOST_PAIRS,
        "MOST_SHOWN": MOST_SHOWN,
    }
    return environment


def _style(*names: str) -> Markup:
    """Return style sheets as one text, without comments and line breaks: every page holds it."""
    files = Path(__file__).parent / "templates"
    text = "".join((files / f"{name}.css").read_text(encoding="utf-8") for name in names)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*([{};,])\s*|\s*(:) ", r"\1\2", text)
    return Markup(" ".join(text.split()))  # noqa: S704 - our own files


def _report_link(row: Row | str, stem: str = "", up: str = "") -> str:
    """Return the address of a report. ``up`` leads from the page to the folder of the class."""
    learner, sheet = (row.learner, row.stem) if isinstance(row, Row) else (row, stem)
    return up + paths.link(paths.report_path(learner, sheet))


def _book_link(book_url: str, stem: str, label: str) -> str:
    page, section = (quote(text, safe="", errors="replace") for text in (stem, label))
    return f"{book_url.strip().rstrip('/')}/{page}.html#{section}"
