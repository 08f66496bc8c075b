"""A sample class, the factories that it is made of, and a parser of pages."""

from __future__ import annotations

import pytest

from .page_parser import PageParser
from .sample_class import answer, sixteen_learners, submission


@pytest.fixture
def sample():
    """Return a class of sixteen."""
    return sixteen_learners()


@pytest.fixture
def submit():
    """Return the factory of graded submissions."""
    return submission


@pytest.fixture
def answers():
    """Return the factory of exercises."""
    return answer


@pytest.fixture
def parse():
    """Return the function that parses a page."""

    def parse(page):
        parser = PageParser()
        parser.feed(page)
        parser.close()
        assert parser.open == [parser.root]
        return parser.root

    return parse
