"""The built book and a compressing server for it, shared by the tests here."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"


@dataclass(frozen=True)
class Build:
    """What one run of jupyter-book did."""

    returncode: int
    seconds: float
    log: str


def run_jupyter_book(*options: str) -> Build:
    """Build the book as `make book` does, and say how it went."""
    start = time.monotonic()
    program = str(Path(sys.executable).with_name("jupyter-book"))
    command = [program, "build", ".", "-W", "--keep-going", "-n"]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    return Build(done.returncode, time.monotonic() - start, done.stdout + done.stderr)


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """One build of every page, for all workers of a run: the first to come makes it.

    A build that only looks for changes would pass over the warnings of the one
    before it. Notebooks that did not change come from the cache of executions.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    record = shared / "build.json"
    with (shared / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not record.exists():
            record.write_text(json.dumps(asdict(run_jupyter_book("--all"))))
    return Build(**json.loads(record.read_text()))


@pytest.fixture
def build_book() -> Callable[..., Build]:
    """Return the function that builds the book; its arguments are more options."""
    return run_jupyter_book


@pytest.fixture(scope="session")
def documents() -> list[str]:
    """Return the names of the table of contents, such as `book/attention`, in its order."""
    patterns = re.findall(
        r"(?m)^[\s-]*(?:root|file|glob):\s*(\S+)$", (ROOT / "_toc.yml").read_text()
    )
    found = [path for pattern in patterns for path in sorted(ROOT.glob(f"{pattern}.*"))]
    names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in found]
    return list(dict.fromkeys(names))


@pytest.fixture(scope="session")
def html(build: Build) -> Path:
    """Return the folder of the built book."""
    if build.returncode != 0:
        pytest.fail(f"the book does not build:\n{build.log[-3000:]}", pytrace=False)
    return HTML


@pytest.fixture(scope="session")
def server(html: Path) -> Iterator[str]:
    """Yield the address of a local server that compresses, with a slash at its end."""
    command = [sys.executable, str(ROOT / "book" / "serve.py"), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--directory", str(html)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(
    scope="module", params=["alone", pytest.param("in the book", marks=pytest.mark.book)]
)
def address(request: pytest.FixtureRequest) -> str:
    """Return where a figure is shown: on the small page of a module's `alone`, in its CHAPTER."""
    if request.param == "alone":
        page: Path = request.getfixturevalue("alone")
    else:
        page = request.getfixturevalue("html") / "book" / f"{request.module.CHAPTER}.html"
    return page.as_uri()


@pytest.fixture
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield a wide page with the figure, started: with what the module calls LIVE."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(5000)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(request.module.LIVE)
    yield page
    context.close()
