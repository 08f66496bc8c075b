"""The tests of a file share a worker, and with it what they set up, unless they say otherwise."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[1] / "conftest.py"
FILE = """
import pytest

@pytest.mark.alone
def test_alone(): pass

@pytest.mark.parametrize("i", range(9))
def test_together(i): pass

@pytest.mark.parametrize("i", [pytest.param(i, marks=pytest.mark.xdist_group("own")) for i in "ab"])
def test_elsewhere(i): pass
"""


@pytest.fixture
def run(pytester):
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = alone")
    pytester.makepyfile(test_first=FILE, test_second=FILE)
    return pytester.runpytest_inprocess


def test_files_are_groups_except_for_tests_that_are_alone_or_have_a_group(run):
    result = run("-n2", "--dist=loadgroup", "-v")
    result.assert_outcomes(passed=24)
    ended = re.findall(r"\[(gw\d)\] .* PASSED (\S+)", result.stdout.str())
    first, second, own = (
        {worker for worker, name in ended if part in name}
        for part in ("test_first.py::test_together", "test_second.py::test_together", "own")
    )
    assert [len(first), len(second), len(own)] == [1, 1, 1]
    assert first != second
    assert [name for _, name in ended if "test_alone" in name and "@" in name] == []


def test_tests_that_are_alone_come_last(run):
    lines = run("--collect-only", "-q").outlines
    assert [line for line in lines if "::" in line][-2:] == [
        "test_first.py::test_alone",
        "test_second.py::test_alone",
    ]
