"""Cells that a sheet marks as not graded are left out, unless something may need them."""

from __future__ import annotations

import pytest

from autograder.submission.experiments import experiments, without_experiments

EXERCISE = "def answer(x):\n    return helper(x)"


def test_a_tagged_cell_is_left_out_and_keeps_its_place() -> None:
    cells = [EXERCISE, "import time\ntime.sleep(60)", "y = 1"]
    assert without_experiments(cells, {1}, ["answer"]) == [EXERCISE, "", "y = 1"]


NEEDED = {
    "an exercise": "def answer(x):\n    return x",
    "a helper that an exercise calls": "def helper(x):\n    return x",
    "a helper that is assigned": "helper = abs",
    "a helper that is imported": "from math import exp as helper",
    "a helper in a cell with a magic": "%time\nhelper = abs",
}


@pytest.mark.parametrize("source", NEEDED.values(), ids=NEEDED)
def test_a_tagged_cell_that_defines_what_another_may_need_is_run(source: str) -> None:
    assert without_experiments([EXERCISE, source], {1}, ["answer"]) == [EXERCISE, source]


def test_an_exercise_is_run_even_if_no_other_cell_names_it() -> None:
    assert without_experiments(["import torch", EXERCISE], {1}, ["answer"])[1] == EXERCISE


def test_nothing_is_left_out_without_the_tag() -> None:
    cells = [EXERCISE, "x = 1"]
    assert without_experiments(cells, (), ["answer"]) == cells


METADATA = {
    "the tag": ({"tags": ["not-graded"]}, True),
    "the tag among others": ({"tags": ["hide-input", "not-graded"]}, True),
    "other tags": ({"tags": ["graded"]}, False),
    "no metadata": (None, False),
    "tags that are no list": ({"tags": "not-graded"}, False),
    "tags of any kind": ({"tags": [None, 3, {}]}, False),
}


@pytest.mark.parametrize(("metadata", "tagged"), METADATA.values(), ids=METADATA)
def test_the_tag_is_found_whatever_else_stands_there(metadata: object, tagged: bool) -> None:
    text = {"cell_type": "markdown", "metadata": {"tags": ["not-graded"]}}
    code = {"cell_type": "code", "metadata": metadata}
    places = experiments({"cells": [text, {"cell_type": "code"}, 7, code]})
    assert places == (frozenset({1}) if tagged else frozenset())
