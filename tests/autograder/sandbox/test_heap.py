"""Before a fork, every free piece of the heap is taken, once."""

import subprocess
import sys

import pytest

FILLED_TWICE = """
from autograder.sandbox.confined.heap import fill_gaps
pieces = [bytearray(size) for size in range(600, 1000) for _ in range(20)]
del pieces[::2]
print(fill_gaps(), fill_gaps())
"""


@pytest.mark.slow
def test_free_pieces_are_taken_and_then_there_are_none() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FILLED_TWICE], capture_output=True, text=True, check=True
    )
    first, second = map(int, ran.stdout.split())
    assert first > 100
    assert second < first / 10
