"""The capacity table's simulation, where the answer is known without it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from scaling.simulation import Costs, simulate


def costs(**more: float) -> Costs:
    given = {"start": 0.0, "hand_out": 0.0, "take_in": 0.0, "after": 0.0} | more
    return Costs(service=[0.1], **given)


def test_lanes_share_the_work_when_nothing_else_costs_anything() -> None:
    for lanes in (1, 2, 50, 100):
        run = simulate(costs(), notebooks=1000, lanes=lanes)
        assert run.grading == pytest.approx(1000 * 0.1 / lanes)
        assert run.busy == pytest.approx(1.0)


def test_more_lanes_than_notebooks_help_nobody() -> None:
    assert simulate(costs(), notebooks=5, lanes=99).grading == pytest.approx(0.1)


def test_the_grader_alone_decides_when_it_is_slower_than_all_lanes_together() -> None:
    run = simulate(costs(hand_out=0.01, take_in=0.02), notebooks=1000, lanes=100)
    assert run.grading == pytest.approx(1000 * 0.03, rel=0.01)
    assert run.grader == pytest.approx(1.0, rel=0.01)


def test_the_scheduler_alone_decides_when_it_is_the_slowest() -> None:
    run = simulate(costs(scheduler=0.05), notebooks=1000, lanes=100)
    assert run.grading == pytest.approx(1000 * 0.05, rel=0.01)


def test_a_notebook_that_travels_while_another_is_graded_costs_no_time() -> None:
    along = simulate(costs(travel=0.02), notebooks=500, lanes=4, ahead=2)
    one_by_one = simulate(costs(travel=0.02), notebooks=500, lanes=4, ahead=1)
    assert along.busy > 0.99
    assert one_by_one.grading == pytest.approx(500 / 4 * 0.14, rel=0.01)


def test_start_and_end_are_paid_once_and_by_each_notebook() -> None:
    run = simulate(costs(start=3.0, after=0.01), notebooks=100, lanes=1)
    assert run.seconds == pytest.approx(3.0 + 100 * 0.1 + 100 * 0.01)
