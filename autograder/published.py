"""What the course publishes of a sheet: the learner's notebook, and its solutions."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

from markdown_it import MarkdownIt

from autograder.book import ROOT

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
_OPTION = re.compile(r":[\w-]+:|\s*$")


def sheet_cells(stem: str, root: Path = ROOT) -> list[str]:
    """Return the source of every cell that a learner starts from; none if the book is not here."""
    path = root / "book" / "exercises" / f"{stem}.ipynb"
    if not path.exists():
        return []
    return ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]


def solution_cells(stem: str, root: Path = ROOT) -> list[str]:
    """Return the code cells that hold a solution, without the marks around it.

    None if the book is not here. (jupytext would read them, too, and take longer to be imported
    than a hundred notebooks take to be graded.)
    """
    path = root / "solutions" / f"{stem}.md"
    if not path.exists():
        return []
    fences = [
        token.content
        for token in MarkdownIt("commonmark").parse(path.read_text("utf-8"))
        if token.type == "fence" and token.info.startswith("{code-cell}")
    ]
    return [_plain(content) for content in fences if BEGIN in content]


def _plain(content: str) -> str:
    """Return a cell without its options and without the marks."""
    lines = itertools.dropwhile(_OPTION.match, content.splitlines())
    return "\n".join(line for line in lines if line.strip() not in (BEGIN, END))
