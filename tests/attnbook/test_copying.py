"""The whole transformer learns to copy and to reverse: the benchmark, with one seed."""

import runpy
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "copy_reverse.py"


@pytest.mark.slow
@pytest.mark.parametrize("task", ["copy", "reverse"])
def test_sequences_are_written_without_a_mistake(task: str) -> None:
    share, _ = runpy.run_path(str(BENCHMARK))["train_once"](task, 0)
    assert share >= 0.999
