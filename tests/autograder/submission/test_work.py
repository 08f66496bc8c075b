"""What a notebook says of the work on it."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.submission.work import Work, work_on


def cell(count: object = None, **times: object) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": count, "metadata": {"execution": times}}


def test_runs_and_minutes_are_those_of_the_whole_notebook() -> None:
    cells = [
        cell(3, **{"iopub.execute_input": "2026-11-02T10:00:00.5Z"}),
        cell(17, **{"iopub.status.idle": "2026-11-02T10:41:30.5+00:00"}),
        cell(),
    ]
    assert work_on({"cells": cells}) == Work(cell_runs=17, minutes=41.5)


def test_a_notebook_that_records_nothing_says_so() -> None:
    assert work_on({"cells": [{"cell_type": "code"}, 5]}) == Work(0, None)
    assert work_on({"cells": [cell(4, start="2026-11-02T10:00:00Z")]}) == Work(4, None)


@pytest.mark.parametrize("count", [True, -3, 0, 2.5, "9", None, 10**9, [1]])
def test_a_count_that_is_none_is_passed_over(count: object) -> None:
    assert work_on({"cells": [cell(count)]}).cell_runs == 0


@pytest.mark.parametrize("moment", ["yesterday", 7, None, "", "9999999-01-01", ["2026"]])
def test_a_time_that_is_none_is_passed_over(moment: object) -> None:
    cells = [cell(1, a=moment, b="2026-11-02T10:00:00", c="2026-11-02T10:01:00Z")]
    assert work_on({"cells": cells}).minutes == 1.0


@pytest.mark.parametrize("metadata", [None, 3, {"execution": 5}, {"execution": None}, []])
def test_metadata_of_any_kind_is_passed_over(metadata: object) -> None:
    assert work_on({"cells": [{"metadata": metadata}]}) == Work()
