"""What being late costs, rule by rule."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.gradebook import RULES, GradebookError, Late
from autograder.gradebook.late import cut_off, no_penalty, per_day

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("rule", "lateness", "left"),
    [
        (no_penalty(0), 900 * DAY, 10),
        (per_day(0.1), HOUR, 9),
        (per_day(0.1), DAY, 9),
        (per_day(0.1), DAY + dt.timedelta(microseconds=1), 8),
        (per_day(0.1), 11 * DAY, 0),
        (per_day(0), 5 * DAY, 10),
        (per_day(1), HOUR, 0),
        (cut_off(2), 2 * DAY, 10),
        (cut_off(2), 2 * DAY + HOUR, 0),
        (cut_off(0), dt.timedelta(microseconds=1), 0),
        (cut_off(0.5), 12 * HOUR, 10),
    ],
)
def test_a_rule_takes_off_what_its_name_says(rule, lateness, left):
    assert rule(10, lateness) == pytest.approx(left, rel=0, abs=1e-12)


@given(
    late=st.one_of(
        st.builds(Late, st.just("per_day"), st.floats(0, 1)),
        st.builds(Late, st.just("cut_off"), st.floats(0, 1000)),
        st.just(Late()),
    ),
    score=st.floats(0, 1000),
    first=st.timedeltas(dt.timedelta(0), dt.timedelta(days=999)),
    second=st.timedeltas(dt.timedelta(0), dt.timedelta(days=999)),
)
def test_nobody_gains_by_being_later_and_nobody_falls_below_0(late, score, first, second):
    rule = late.function()
    earlier, later = sorted([first, second])
    assert 0 <= rule(score, later) <= rule(score, earlier) <= score


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (Late("per_day", 1.5), "share of a score, from 0 to 1, got 1.5"),
        (Late("per_day", float("nan")), "from 0 to 1, got nan"),
        (Late("cut_off", -1), "number of days, 0 or more, got -1"),
        (Late("cut_off", float("inf")), "got inf"),
        (Late("perday"), "no late rule 'perday': did you mean 'per_day'"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_what_can(late, words):
    with pytest.raises(GradebookError, match=words):
        late.function()


def test_every_rule_has_the_name_of_its_function():
    assert {name: rule.__name__ for name, rule in RULES.items()} == {name: name for name in RULES}
