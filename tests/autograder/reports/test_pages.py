"""What holds for every page: no text becomes markup, nothing is asked for, nothing is skipped."""

from __future__ import annotations

import datetime as dt
import itertools
import re

import msgspec
import pytest

from autograder.reports import Run, class_pages, learner_page, roster

from .crowd import alike, unnamed_cluster
from .sample_class import class_page, tally

WHEN = dt.datetime(2026, 3, 4, 5, 6, tzinfo=dt.UTC)
HOSTILE = (
    '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}&amp;\x00\x1b\udcff\u202e'
)


def hostile_submission(sample):
    """Return a submission in which every text of any origin is an attack."""
    exercise = sample.submissions[3].exercises[0]
    check = msgspec.structs.replace(exercise.checks[0], name=HOSTILE, message=HOSTILE)
    exercise = msgspec.structs.replace(
        exercise,
        name=HOSTILE,
        diagnosis=[HOSTILE],
        hint=HOSTILE,
        counterexample=HOSTILE,
        read=HOSTILE,
        message=HOSTILE + "\nsecond line",
        checks=[check],
    )
    return msgspec.structs.replace(
        sample.submissions[0],
        learner=HOSTILE,
        stem=HOSTILE,
        flags=[HOSTILE],
        message=HOSTILE,
        digest=HOSTILE,
        exercises=[exercise],
    )


@pytest.mark.parametrize("isolation", ["reduced", "full, no scratch", "something new"])
def test_both_pages_warn_when_isolation_is_not_full(sample, parse, isolation):
    results = msgspec.structs.replace(sample, isolation=isolation)
    for page in (
        class_page(results),
        learner_page(sample.submissions[0], run=Run(isolation, seed=7)),
    ):
        (warning,) = parse(page).all("aside")
        assert warning.text.startswith(f"Isolation: {isolation}.")


def test_neither_page_warns_when_isolation_is_full(sample, parse):
    assert not parse(class_page(sample)).all("aside")
    assert not parse(learner_page(sample.submissions[0], run=Run("full", 7))).all("aside")


@pytest.mark.parametrize("book_url", [None, "https://x.example"])
def test_no_text_of_any_origin_becomes_markup(sample, parse, book_url, monkeypatch):
    hostile = hostile_submission(sample)
    submissions = [hostile, msgspec.structs.replace(hostile, status="unreadable")]
    pages = [class_page(msgspec.structs.replace(sample, submissions=[hostile]))]
    monkeypatch.setattr(roster, "MOST_ON_CLASS_PAGE", 0)
    course = tally(msgspec.structs.replace(sample, submissions=submissions))
    cluster = msgspec.structs.replace(
        unnamed_cluster(HOSTILE, source=HOSTILE, cluster=HOSTILE), stem=HOSTILE, exercise=HOSTILE
    )
    pair = msgspec.structs.replace(alike(HOSTILE, HOSTILE), stem=HOSTILE, exercises=[HOSTILE])
    made = class_pages(course, run=Run("full", 7), clusters=[cluster], similar=[pair])
    assert len(made) == 2
    pages += made.values()
    pages += [learner_page(one, run=Run("full", 7), book_url=book_url) for one in submissions]
    for text in pages:
        page = parse(text)
        assert not page.all("script")
        assert not page.all("img")
        assert "<script>alert(1)</script>" in page.raw_text
        assert "{{ 7*7 }}" in page.raw_text
        names = {name for one in page.inside for name in one.attributes}
        assert not [name for name in names if name.startswith("on")]
        text.encode("utf-8")
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text)


def test_a_page_asks_for_nothing_and_runs_nothing(sample, parse):
    whole = class_page(sample, clusters=[unnamed_cluster("a")], similar=[alike("a", "b")])
    for text in (whole, learner_page(sample.submissions[3], run=Run("reduced", 7))):
        page = parse(text)
        assert not page.all("script")
        assert [one.attributes["href"] for one in page.all("link")] == ["data:,"]
        assert "url(" not in page.all("style")[0].text
        assert "@import" not in page.all("style")[0].text
        policy = next(one for one in page.all("meta") if "http-equiv" in one.attributes)
        assert policy.attributes["content"].startswith("default-src 'none';")


def test_headings_never_skip_a_level(sample, submit):
    both = [*sample.submissions, submit("ada", ("causal_mask", "missing"), stem="heads")]
    more = {"clusters": [unnamed_cluster("a"), unnamed_cluster("b", cluster="b")]}
    more["similar"] = [alike("a", "b")]
    pages = [
        class_page(sample, **more),
        class_page(msgspec.structs.replace(sample, submissions=both), **more),
    ]
    pages += [learner_page(one) for one in sample.submissions]
    for page in pages:
        levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_identifiers_are_unique(sample, submit, parse):
    both = [*sample.submissions, submit("ada", stem="heads")]
    for text in (
        class_page(
            msgspec.structs.replace(sample, submissions=both),
            clusters=[unnamed_cluster("a"), unnamed_cluster("b", cluster="b")],
        ),
        learner_page(sample.submissions[3]),
    ):
        found = [one.attributes["id"] for one in parse(text).inside if "id" in one.attributes]
        assert len(found) == len(set(found))


def test_the_same_results_make_the_same_bytes(sample):
    assert class_page(sample, when=WHEN) == class_page(sample, when=WHEN)
