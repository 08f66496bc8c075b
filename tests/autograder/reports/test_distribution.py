"""Medians and quartiles."""

from __future__ import annotations

import pytest

from autograder.reports.distribution import Spread, spread
from autograder.reports.wording import duration, signed


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], None),
        ([7.0], Spread(1, 7.0, 7.0, 7.0)),
        ([1.0, 2.0, 3.0, 4.0, 5.0], Spread(5, 2.0, 3.0, 4.0)),
        ([5.0, 1.0], Spread(2, 2.0, 3.0, 4.0)),
    ],
)
def test_half_of_the_numbers_lie_between_the_quartiles(numbers, expected):
    assert spread(numbers) == expected


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0.2, "under 1 min"),
        (42.4, "42 min"),
        (60, "1 h"),
        (200, "3 h 20 min"),
        (119.8, "2 h"),
        (7200, "5 days"),
    ],
)
def test_a_length_of_time_reads_as_people_say_it(minutes, words):
    assert duration(minutes) == words


@pytest.mark.parametrize(
    ("value", "text"), [(0.421, "+0.42"), (-0.31, "−0.31"), (-0.001, "0.00"), (0.0, "0.00")]
)
def test_a_correlation_has_its_sign(value, text):
    assert signed(value) == text
