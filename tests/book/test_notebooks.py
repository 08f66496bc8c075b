"""What the reader sees is what the build's run printed, and another clean run prints it again.

The notebooks that the build leaves beside its pages are no evidence: on a cache hit they
hold no outputs, and nbval passes a notebook without outputs. The cache has what was printed.
"""

import html as html_escapes
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupyter_cache import get_cache
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
CELL_SECONDS = 120
IGNORED = "nbval-ignore-output"
SOURCES = [
    path
    for folder in ("book", "solutions")
    for path in sorted((ROOT / folder).glob("*.md"))
    if re.match(r"---\n(?:.*\n)*?kernelspec:", path.read_text())
]

pytestmark = [pytest.mark.book, pytest.mark.slow]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix()


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def printed_lines(cell: NotebookNode) -> list[str]:
    """Return the lines among a cell's outputs; a figure's text is not shown on the page."""
    lines: list[str] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            lines += output.text.splitlines()
        elif set(output.get("data", {})) == {"text/plain"}:
            lines += output.data["text/plain"].splitlines()
    return [line for line in lines if line.strip()]


# The tests of one notebook stay together, for what is read once for all of them.
EACH = [pytest.param(path, marks=pytest.mark.xdist_group(name_of(path))) for path in SOURCES]


@pytest.fixture(scope="module", params=EACH, ids=list(map(name_of, SOURCES)))
def source(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="module")
def executed(source: Path, html: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a copy of the source with what the build's run of it printed."""
    extension = runpy.run_path(str(ROOT / "book" / "extensions" / "fresh_outputs.py"))
    version = extension["fingerprint"](ROOT / extension["IMPORTED"])
    cache = get_cache(html.parent / ".jupyter_cache" / version)
    _, notebook = cache.merge_match_into_notebook(jupytext.read(source))
    # What notebooks read stands beside their folder.
    beside = tmp_path_factory.mktemp("executed")
    (beside / "benchmarks").symlink_to(ROOT / "benchmarks")
    path = beside / source.parent.name / f"{source.stem}.ipynb"
    path.parent.mkdir()
    nbformat.write(notebook, path)
    return path


def test_there_are_a_chapter_and_a_solution_to_run():
    assert {"book/attention", "solutions/attention"} <= {name_of(path) for path in SOURCES}


def test_the_run_of_the_build_left_outputs(executed):
    cells = code_cells(nbformat.read(executed, as_version=4))
    assert all(cell.execution_count for cell in cells)
    assert sum(bool(cell.outputs) for cell in cells) >= min(2, len(cells))


def test_the_page_shows_what_its_run_printed(executed, source, html):
    page = (html / name_of(source)).with_suffix(".html").read_text()
    seen = html_escapes.unescape(re.sub(r"<[^>]*>", "", page))
    cells = code_cells(nbformat.read(executed, as_version=4))
    compared = [cell for cell in cells if IGNORED not in cell.metadata.get("tags", [])]
    missing = [line for cell in compared for line in printed_lines(cell) if line not in seen]
    assert missing == []


def test_another_clean_run_prints_the_same(executed):
    cells = code_cells(nbformat.read(executed, as_version=4))
    options = ["--nbval", f"--nbval-cell-timeout={CELL_SECONDS}", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, *options, executed.name],
        cwd=executed.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert f"{len(cells)} passed" in done.stdout
