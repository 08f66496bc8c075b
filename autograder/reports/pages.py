"""The two kinds of page, rendered: the class, and one learner's notebook.

A page stands alone: its style is inside, it runs no script and asks for nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
from urllib.parse import quote

import jinja2

from autograder.reports import mistakes, paths, summary, wording
from autograder.results import (
    ClassResults,
    ExerciseResult,
    ExerciseStatus,
    SubmissionResult,
    SubmissionStatus,
)

# No page may hold these: browsers drop or replace them, and surrogates cannot be written.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SAFE_ADDRESS = re.compile(r"(https?|file)://|(?![\w.+-]*:)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Run:
    """What is true of all submissions that were graded together."""

    isolation: str
    seed: int
    when: dt.datetime | None = None


def class_page(results: ClassResults, *, when: dt.datetime | None = None) -> str:
    """Return the page of a class; its links lead to the pages of ``report_path``."""
    return _render(
        "class.html",
        run=Run(results.isolation, results.seed, when),
        sheets=summary.sheets(results),
    )


def learner_page(
    submission: SubmissionResult, *, run: Run | None = None, book_url: str | None = None
) -> str:
    """Return the page of one submission.

    Args:
        submission: What was graded.
        run: Adds when and how it was graded, with a warning where isolation was not full.
        book_url: Address of the folder that holds the book's chapters.

    Raises:
        ValueError: If ``book_url`` is neither a web address, nor a file, nor a relative path.
    """
    if book_url is not None and not _SAFE_ADDRESS.match(book_url.strip()):
        raise ValueError(f"book_url must start with https:// or be a path, got {book_url!r}")
    return _render("learner.html", submission=submission, run=run, book_url=book_url)


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
        "common_message": mistakes.common_message,
        "hints": mistakes.hints,
        "not_correct": _not_correct,
        "number": wording.number,
        "percent": wording.percent,
        "report_link": _report_link,
    }
    environment.globals |= {
        "wording": wording,
        "count": wording.count,
        "ExerciseStatus": ExerciseStatus,
        "SubmissionStatus": SubmissionStatus,
    }
    return environment


def _report_link(submission: SubmissionResult) -> str:
    return paths.link(paths.report_path(submission.learner, submission.stem))


def _not_correct(submission: SubmissionResult) -> list[ExerciseResult]:
    """Return the exercises that are not correct."""
    return [one for one in submission.exercises if one.status is not ExerciseStatus.PASSED]


def _book_link(book_url: str, stem: str, label: str) -> str:
    page, section = (quote(text, safe="", errors="replace") for text in (stem, label))
    return f"{book_url.strip().rstrip('/')}/{page}.html#{section}"
