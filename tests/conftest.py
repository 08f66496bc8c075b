"""Rules that hold for every test: shapes are checked, and in CI nothing is skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator

# Before torch is imported: one thread computes the same bits on every run, and tests
# that run side by side do not wait for one another's threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import pytest
from jaxtyping import install_import_hook
from playwright.sync_api import Browser, sync_playwright

# From here on every call into the reference package has its shapes and types checked.
install_import_hook("attnbook", "beartype.beartype")

# The same examples on every run, and no deadline: the machine may be busy.
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """With CI=true, turn a skip into a failure that says why: what cannot run decides nothing."""
    expected = hasattr(report, "wasxfail")
    if os.environ.get("CI") == "true" and report.skipped and not expected:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CI=true and this could not run. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at the outcome of a test."""
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at the outcome of collecting a file, where a missing module would skip all of it."""
    report = yield
    _fail_if_skipped(report)
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a file, and what they set up, on one worker, except those that say `alone`.

    Groups go to workers first, the largest before the others; tests that are alone then fill both.
    """
    for item in items:
        if not any(item.iter_markers("alone")) and not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
        group = item.get_closest_marker("xdist_group")
        if group and config.getoption("loadgroup", False):
            # pytest-xdist 3.8 says this to its scheduler through `_nodeid`, before marks are
            # added here, and pytest 9.2 no longer reads that: pytest-dev/pytest-xdist#1386.
            item._id = type(item._id).parse(f"{item.nodeid}@{group.args[0]}")
    items.sort(key=lambda item: any(item.iter_markers("alone")))


CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the system's Chromium, started once: a process can hold one Playwright only."""
    found = [path for name in CHROMIUM_NAMES if (path := shutil.which(name))]
    executable = os.environ.get("CHROME_PATH") or next(iter(found), None)
    if executable is None:
        # With CI=true the skip is a failure; see above.
        pytest.skip("no Chromium: install the system's package or set CHROME_PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
