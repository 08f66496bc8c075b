"""The solutions of a sheet as code, for a sample class."""

from __future__ import annotations

from pathlib import Path

import jupytext

from autograder.book import ROOT
from autograder.release.marks import BEGIN, END


def solution_cells(stem: str, root: Path = ROOT) -> list[str]:
    """Return the code cells of a sheet that hold a solution, without the marks around it."""
    cells = jupytext.reads(
        (root / "solutions" / f"{stem}.md").read_text("utf-8"), fmt="md:myst"
    ).cells
    return [_without_marks(cell.source) for cell in cells if BEGIN in cell.source]


def _without_marks(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if line.strip() not in (BEGIN, END))
