"""Lanes in every isolation, started once for all tests."""

import os
from collections.abc import Iterator

import pytest

from autograder.sandbox import Isolation, IsolationRefused, Lane, Limits

LIMITS = Limits(call_seconds=1.0, cell_seconds=2.0, submission_seconds=30.0)


def open_lane(isolation: Isolation, limits: Limits = LIMITS) -> Lane:
    """Return a lane; where the machine offers none, fail if CI is set and skip otherwise."""
    try:
        return Lane(isolation, limits)
    except IsolationRefused as refusal:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(refusal))


@pytest.fixture(scope="session")
def lanes() -> Iterator[dict[Isolation, Lane]]:
    opened: dict[Isolation, Lane] = {}
    yield opened
    for lane in opened.values():
        lane.close()


@pytest.fixture
def lane(lanes: dict[Isolation, Lane]) -> Lane:
    """A lane in full isolation."""
    return _lane(lanes, Isolation.FULL)


@pytest.fixture(params=list(Isolation), ids=lambda isolation: isolation.name.lower())
def any_lane(request: pytest.FixtureRequest, lanes: dict[Isolation, Lane]) -> Lane:
    """A lane in each isolation in turn."""
    return _lane(lanes, request.param)


def _lane(lanes: dict[Isolation, Lane], isolation: Isolation) -> Lane:
    if isolation not in lanes:
        lanes[isolation] = open_lane(isolation)
    return lanes[isolation]
