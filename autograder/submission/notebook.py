"""From bytes that may be anything to the code cells of a notebook.

Jupyter's own reader refuses what a person would still read (a missing ``metadata``, two cells with
one id), so notebooks of the current format are taken apart here; older ones go through nbformat.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

MAX_CELLS = 2000
"""More cells than this are refused: no sheet has a hundred."""

CURRENT_FORMAT = 4
MAX_OLD_BYTES = 2 * 2**20
"""Larger files of an older format are refused: nbformat takes minutes and gigabytes for some."""

HEADING_LEVELS = range(1, 7)
_UNREAD = {"outputs": list, "metadata": dict}
SAVE_AGAIN = "Open it in Jupyter, save it and hand it in again."
HAND_IN_NOTEBOOK = "Hand in the notebook itself, the file that ends in .ipynb."
LONE_SURROGATE = re.compile("[\ud800-\udfff]")

# What a file is when it is not text: its first bytes.
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"\x7fELF": "a program",
}


class NotebookError(ValueError):
    """The bytes are no notebook; the message says where and what to do."""


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
        raise NotebookError(
            f"is JSON but no notebook: it has neither cells nor a format number. {HAND_IN_NOTEBOOK}"
        )
    if isinstance(version, int) and 1 <= version < CURRENT_FORMAT:
        _refuse_costly(content, version, len(data))
        return _upgrade(content, version), [*notes, f"notebook format {version} was upgraded"]
    if isinstance(version, int) and version > CURRENT_FORMAT:
        notes.append(f"notebook format {version} is newer than the {CURRENT_FORMAT} known here")
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
            f"has {len(cells)} cells, and at most {MAX_CELLS} are read. {HAND_IN_NOTEBOOK}"
        )
    sources, notes = [], _repeated_ids(cells)
    for place, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            notes.append(f"cell {place} is {_kind(cell)}, not a cell; it was left out")
        elif cell.get("cell_type") == "code":
            source, problem = _source(cell)
            sources.append(source)
            notes += [f"cell {place}: {problem}"] if problem else []
    return sources, notes if sources else [*notes, "it has no code cell"]


def _decode(data: bytes) -> tuple[str, list[str]]:
    """Return ``data`` as text. Jupyter writes UTF-8; some editors save something else."""
    if not data.strip(b"\0 \t\r\n"):
        what = "holds only NUL bytes: a copy that failed" if b"\0" in data else "is empty"
        raise NotebookError(f"{what}. {SAVE_AGAIN}")
    for signature, what in SIGNATURES.items():
        if data.startswith(signature):
            raise NotebookError(f"is {what}. {HAND_IN_NOTEBOOK}")
    encoding = json.detect_encoding(data)  # by its mark, or by where its zeros are
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotebookError(
            f"line {line} (byte {error.start}) is not {encoding.upper()} text. {SAVE_AGAIN}"
        ) from None
    return text, [] if encoding.startswith("utf-8") else [f"it was read as {encoding.upper()}"]


def _load_json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookError(_why_not_json(text, error)) from None
    except RecursionError:
        raise NotebookError(f"is nested too deeply for a notebook. {HAND_IN_NOTEBOOK}") from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise NotebookError(f"holds a number that is too long to read. {SAVE_AGAIN}") from None


def _why_not_json(text: str, error: json.JSONDecodeError) -> str:
    start = text.lstrip().lower()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        return f"is a web page (an HTML export?). {HAND_IN_NOTEBOOK}"
    if start.startswith(("#", "import ", "from ", "def ", '"""', "%")):
        return f"is a script or plain text (a .py or .md export?). {HAND_IN_NOTEBOOK}"
    conflict = re.search(r"^<{7} ", text, re.MULTILINE)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        return f"line {line} has Git's conflict marks. Resolve the conflict and save it again."
    place = f"line {error.lineno}, column {error.colno}"
    if not text[error.pos :].strip() or error.msg.startswith("Unterminated"):
        return f"ends in the middle of the notebook, or is cut off ({place}). {SAVE_AGAIN}"
    return f"is not JSON ({place}: {error.msg}). {SAVE_AGAIN}"


def _refuse_costly(content: Mapping[str, Any], version: int, size: int) -> None:
    """Refuse an old notebook whose upgrade could cost more than any honest one's."""
    if size > MAX_OLD_BYTES:
        raise NotebookError(
            f"is a notebook of format {version} with {size / 2**20:.1f} MB, and at most "
            f"{MAX_OLD_BYTES // 2**20} MB of an old format are read. {SAVE_AGAIN}"
        )
    cells = _old_cells(content)
    if len(cells) > MAX_CELLS:
        raise NotebookError(
            f"has {len(cells)} cells, and at most {MAX_CELLS} are read. {HAND_IN_NOTEBOOK}"
        )
    for place, cell in enumerate(cells, start=1):
        level = cell.get("level", 1) if cell.get("cell_type") == "heading" else 1
        # nbformat writes that many "#". True and 1.0 equal 1.
        if type(level) is not int or level not in HEADING_LEVELS:
            raise NotebookError(
                f"cell {place} is a heading whose level is no whole number from 1 to 6. "
                f"{SAVE_AGAIN}"
            )


def _old_cells(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cells of an old notebook; what is none is left to nbformat's complaint."""
    sheets = content.get("worksheets")
    holders = [content, *(sheets if isinstance(sheets, list) else [])]
    lists = [holder.get("cells") for holder in holders if isinstance(holder, dict)]
    return [
        cell
        for cells in lists
        if isinstance(cells, list)
        for cell in cells
        if isinstance(cell, dict)
    ]


def _upgrade(content: dict[str, Any], version: int) -> Mapping[str, Any]:
    """Bring an old notebook to format 4; nbformat's complaints about details go nowhere."""
    # Nobody reads them, and nbformat takes minutes to complain about some.
    for cell in _old_cells(content):
        cell.update({name: kind() for name, kind in _UNREAD.items() if name in cell})
    # Imported here: it takes two seconds (jsonschema reads a grammar), for a rare case.
    import nbformat

    logger = logging.getLogger("traitlets")
    disabled, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            upgraded: Mapping[str, Any] = nbformat.reads(
                json.dumps(content), as_version=CURRENT_FORMAT
            )
    except Exception as error:  # noqa: BLE001  a converter of old formats, run on anything
        reason = f"{type(error).__name__}: {str(error)[:200]}"
        raise NotebookError(
            f"is a notebook of format {version} that cannot be upgraded ({reason}). {SAVE_AGAIN}"
        ) from None
    finally:
        logger.disabled = disabled
    return upgraded


def _source(cell: Mapping[str, Any]) -> tuple[str, str]:
    """Return a cell's source, and what is wrong with it or an empty string."""
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return "", f"its source is {_kind(source)}, not text; it counts as empty"
    if LONE_SURROGATE.search(source):
        return LONE_SURROGATE.sub("\ufffd", source), "half of a character was replaced"
    return source, ""


def _repeated_ids(cells: list[Any]) -> list[str]:
    ids = Counter(
        cell["id"] for cell in cells if isinstance(cell, dict) and isinstance(cell.get("id"), str)
    )
    repeated = sum(count > 1 for count in ids.values())
    return [f"{repeated} cell ids stand on more than one cell; harmless"] if repeated else []


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value"}
    return names.get(type(value), "nothing" if value is None else "a number")
