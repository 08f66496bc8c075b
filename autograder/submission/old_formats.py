"""Notebooks of the formats 1 to 3: nbformat brings them to format 4, within bounds."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping
from typing import Any

from autograder.submission.remedies import KEEP_THE_SHEETS_CELLS, SAVE_AGAIN, NotebookError

MAX_CELLS = 2000
"""More cells than this are refused: no sheet has a hundred."""

CURRENT_FORMAT = 4
MAX_OLD_BYTES = 2 * 2**20
"""Larger files of an older format are refused: nbformat takes minutes and gigabytes for some."""

HEADING_LEVELS = range(1, 7)
_UNREAD = {"outputs": list, "metadata": dict}


def refuse_costly(content: Mapping[str, Any], version: int, size: int) -> None:
    """Refuse an old notebook whose upgrade could cost more than any honest one's."""
    if size > MAX_OLD_BYTES:
        raise NotebookError(
            f"is a notebook of format {version} with {size / 2**20:.1f} MB, and at most "
            f"{MAX_OLD_BYTES // 2**20} MB of an old format are read. {SAVE_AGAIN}"
        )
    cells = _old_cells(content)
    if len(cells) > MAX_CELLS:
        raise NotebookError(
            f"has {len(cells)} cells, and at most {MAX_CELLS} are read. {KEEP_THE_SHEETS_CELLS}"
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


def upgrade(content: dict[str, Any], version: int) -> Mapping[str, Any]:
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
