"""From bytes that may be anything to the code cells of a notebook.

Jupyter's own reader refuses what a person would still read (a missing ``metadata``, two cells with
one id), so notebooks of the current format are taken apart here; older ones go through nbformat.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from autograder.plain_text import printable
from autograder.submission.foreign import foreign_bytes, why_no_notebook, why_not_json
from autograder.submission.names import DEFINITION
from autograder.submission.old_formats import CURRENT_FORMAT, MAX_CELLS, refuse_costly, upgrade
from autograder.submission.remedies import (
    ANSWER_IN_THE_SHEET,
    HAND_IN_NOTEBOOK,
    HARMLESS,
    KEEP_THE_SHEETS_CELLS,
    MAKE_IT_CODE,
    OPEN_AND_SAVE,
    SAVE_AGAIN,
    NotebookError,
)

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
CELL_TYPES = ("code", "markdown", "raw", "heading")


def parse(data: bytes) -> tuple[Mapping[str, Any], list[str]]:
    """Return the notebook in ``data`` in format 4, and notes for a person.

    Raises:
        NotebookError: If there is none.
    """
    text, notes = _decode(data)
    content = _load_json(text)
    if not isinstance(content, dict):
        raise NotebookError(
            f"is JSON but no notebook: it holds {_kind(content)}. {HAND_IN_NOTEBOOK}"
        )
    version = content.get("nbformat")
    if version is None and not {"cells", "worksheets"} & content.keys():
        raise NotebookError(why_no_notebook(content))
    if isinstance(version, bool):
        version = None
    if isinstance(version, int) and 1 <= version < CURRENT_FORMAT:
        refuse_costly(content, version, len(data))
        return upgrade(content, version), [*notes, f"notebook format {version} was upgraded"]
    if isinstance(version, int) and version > CURRENT_FORMAT:
        notes.append(
            f"notebook format {version} is newer than the {CURRENT_FORMAT} known here. If anything "
            "is missing below, save the notebook with an older Jupyter and hand it in again."
        )
    return content, notes


def code_cells(notebook: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the source of every code cell in order, and notes for a person.

    Raises:
        NotebookError: If the notebook has no list of cells, or more than ``MAX_CELLS``.
    """
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise NotebookError(f"is a notebook without a list of cells. {SAVE_AGAIN}")
    if len(cells) > MAX_CELLS:
        raise NotebookError(
            f"has {len(cells)} cells, and at most {MAX_CELLS} are read. {KEEP_THE_SHEETS_CELLS}"
        )
    sources, notes = [], _about_the_whole(notebook, cells)
    for place, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            notes.append(
                f"cell {place} is {_kind(cell)}, not a cell; it was left out. {SAVE_AGAIN}"
            )
        elif cell.get("cell_type") == "code":
            source, problem = _source(cell)
            sources.append(source)
            notes += [f"cell {place}: {problem}"] if problem else []
        elif problem := _why_not_code(cell):
            notes.append(f"cell {place} {problem} {MAKE_IT_CODE}")
    return sources, notes if sources else [*notes, f"it has no code cell. {ANSWER_IN_THE_SHEET}"]


def _about_the_whole(notebook: Mapping[str, Any], cells: list[Any]) -> list[str]:
    notes = _repeated_ids(cells)
    language = _language(notebook)
    if language and not language.casefold().startswith(("python", "ipython")):
        notes.append(
            f"it is a notebook for {printable(language[:40])}, and the sheet is graded as Python. "
            "Choose a Python kernel (Kernel, Change Kernel), run all cells, save and hand in again."
        )
    return notes


def _language(notebook: Mapping[str, Any]) -> str:
    """Return the language that a notebook says it is written in; empty if it does not say."""
    metadata = notebook.get("metadata")
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(part) if isinstance(metadata, dict) else None
        name = found.get(key) if isinstance(found, dict) else None
        if isinstance(name, str):
            return name
    return ""


def _why_not_code(cell: Mapping[str, Any]) -> str:
    """Return why a cell that is not run may have been meant to be; empty if it was not."""
    kind = cell.get("cell_type")
    if kind not in CELL_TYPES:
        return "is of no known type (code, markdown or raw); it was left out."
    first = _source(cell)[0].lstrip().partition("\n")[0]
    defined = DEFINITION.match(first)
    return f"is a {kind} cell that begins like the code of {defined[1]}." if defined else ""


def _decode(data: bytes) -> tuple[str, list[str]]:
    """Return ``data`` as text. Jupyter writes UTF-8; some editors save something else."""
    if not data.strip(b"\0 \t\r\n"):
        what = "holds only NUL bytes: a copy that failed" if b"\0" in data else "is empty"
        raise NotebookError(f"{what}. {OPEN_AND_SAVE}")
    if what := foreign_bytes(data):
        raise NotebookError(f"is {what}. {HAND_IN_NOTEBOOK}")
    encoding = json.detect_encoding(data)  # by its mark, or by where its zeros are
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotebookError(
            f"line {line} (byte {error.start}) is not {encoding.upper()} text. {OPEN_AND_SAVE}"
        ) from None
    return text, [] if encoding.startswith("utf-8") else [
        f"it was read as {encoding.upper()}. Jupyter writes UTF-8: save it there once."
    ]


def _load_json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookError(why_not_json(text, error)) from None
    except RecursionError:
        raise NotebookError(f"is nested too deeply for a notebook. {HAND_IN_NOTEBOOK}") from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise NotebookError(f"holds a number that is too long to read. {SAVE_AGAIN}") from None


def _source(cell: Mapping[str, Any]) -> tuple[str, str]:
    """Return a cell's source, and what is wrong with it or an empty string."""
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return "", f"its source is {_kind(source)}, not text; it counts as empty. {SAVE_AGAIN}"
    if LONE_SURROGATE.search(source):
        return LONE_SURROGATE.sub("\ufffd", source), (
            "half of a character was replaced. Type that character again and save."
        )
    return source, ""


def _repeated_ids(cells: list[Any]) -> list[str]:
    ids = Counter(
        cell["id"] for cell in cells if isinstance(cell, dict) and isinstance(cell.get("id"), str)
    )
    repeated = sum(count > 1 for count in ids.values())
    return [f"{repeated} cell ids stand on more than one cell. {HARMLESS}"] if repeated else []


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value"}
    return names.get(type(value), "nothing" if value is None else "a number")
