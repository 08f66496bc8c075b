"""One exercise sheet: the source with its solutions in, the learner's notebook out."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupytext.myst import MystMetadataParsingError
from nbformat import v4

from autograder.book import ROOT, heading
from autograder.published import BEGIN
from autograder.release.marks import MarkError, check_marks, remove_solutions
from autograder.release.nbgrader import CHECK, NbgraderCells, exercise_points
from autograder.release.plain_markdown import plain_markdown
from autograder.release.problem import SourceError

SOLUTION_TAG = "solution"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class ReleaseError(ValueError):
    """A sheet that cannot be released; the message names the file and the line."""


def release(stem: str, root: Path = ROOT) -> bytes:
    """Return the learner's notebook of one sheet: no solution, no output, always the same bytes.

    Raises:
        ReleaseError: If the sheet is missing, its marks are not balanced, or it says something
            that a notebook cannot show.
    """
    return _notebook(stem, root, solved=False)


def nbgrader_source(stem: str, root: Path = ROOT) -> bytes:
    """Return the same notebook with its solutions between the marks, for an instructor.

    The marks are nbgrader's own: its `generate_assignment` takes out what is between them.

    Raises:
        ReleaseError: As `release` does.
    """
    return _notebook(stem, root, solved=True)


def _notebook(stem: str, root: Path, *, solved: bool) -> bytes:
    path = root / "solutions" / f"{stem}.md"
    try:
        text = path.read_text(encoding="utf-8")
        check_marks(text)
        cells = _cells(text, root, exercise_points(stem, root), solved=solved)
        notebook = v4.new_notebook(cells=cells, metadata=METADATA)
    except FileNotFoundError:
        raise ReleaseError(f"{path.relative_to(root)} is not there") from None
    except SourceError as error:
        line = _line_of(error.line, text)
        raise ReleaseError(f"{path.relative_to(root)}, line {line}: {error}") from None
    except (MarkError, MystMetadataParsingError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{path.relative_to(root)}, {error}") from None
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _cells(text: str, root: Path, points: Mapping[str, float], *, solved: bool) -> list[Any]:
    """Return the learner's cells, with ids that follow from what they say."""
    title_of = partial(heading, root=root)
    cells = []
    taken: set[str] = set()
    nbgrader = NbgraderCells(CHECK.findall(text), points)
    for cell in jupytext.reads(text, fmt="md:myst").cells:
        tags = list(cell.metadata.get("tags", []))
        source = "" if SOLUTION_TAG in tags else _source(cell.cell_type, cell.source, title_of)
        if not source:
            continue
        metadata: dict[str, Any] = {"tags": tags} if tags else {}
        cell_id = _id(cell.cell_type, source, taken)
        if cell.cell_type == "code":
            answer = BEGIN in cell.source
            metadata |= nbgrader.metadata_of(source, has_solution=answer)
            shown = cell.source if solved else source
            cells.append(v4.new_code_cell(shown, id=cell_id, metadata=metadata))
        else:
            cells.append(v4.new_markdown_cell(source, id=cell_id, metadata=metadata))
    return cells


def _source(cell_type: str, source: str, title_of: Callable[[str], str | None]) -> str:
    if cell_type != "code":
        return plain_markdown(source, title_of)
    stub = remove_solutions(source)
    if not re.search(r"^\s*[%!]", stub, re.MULTILINE):  # magics are no Python
        _check_syntax(stub)
    return stub


def _check_syntax(stub: str) -> None:
    try:
        ast.parse(stub)
    except SyntaxError as error:
        message = f"the cell does not parse without its solution: {error.msg}"
        raise SourceError(message, error.text or "") from None


def _id(cell_type: str, source: str, taken: set[str]) -> str:
    """Return an id that depends on the content alone, and on earlier cells that say the same."""
    copies = 0
    while True:
        content = f"{cell_type}\n{source}\n{copies}"
        cell_id = hashlib.sha256(content.encode()).hexdigest()[:12]
        if cell_id not in taken:
            taken.add(cell_id)
            return cell_id
        copies += 1


def _line_of(line: str, text: str) -> int:
    """Return the number of the first line of a sheet that reads so, from 1."""
    lines = [candidate.strip() for candidate in text.splitlines()]
    return lines.index(line.strip()) + 1 if line.strip() in lines else 1
