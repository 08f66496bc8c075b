"""With CI=true a test that cannot run fails; elsewhere it is skipped."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SKIPPING = """
import pytest

@pytest.mark.skip(reason="no browser here")
def test_marked(): pass

def test_called():
    pytest.skip("no sandbox here")

@pytest.fixture
def machine():
    pytest.skip("no machine here")

def test_with_a_fixture(machine): pass

@pytest.mark.xfail(reason="known")
def test_known_to_fail(): assert False

def test_good(): pass
"""


@pytest.fixture
def run(pytester, monkeypatch):
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))

    def run_with(ci: str, source: str):
        monkeypatch.setenv("CI", ci)
        return pytester.runpytest_inprocess(pytester.makepyfile(source))

    return run_with


def test_in_ci_a_skip_is_a_failure_that_says_why(run):
    result = run("true", SKIPPING)
    result.assert_outcomes(passed=1, failed=1, errors=2, xfailed=1)
    result.stdout.fnmatch_lines_random(
        [f"*this could not run. *no {what}*" for what in ("browser", "sandbox", "machine")]
    )


def test_in_ci_a_file_that_skips_itself_is_an_error(run):
    result = run("true", 'import pytest\npytest.importorskip("no_such_module")')
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*this could not run. *no_such_module*"])


def test_elsewhere_a_skip_is_a_skip(run):
    run("", SKIPPING).assert_outcomes(passed=1, skipped=3, xfailed=1)
