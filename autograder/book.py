"""Where a label of the book leads."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The repository: the book is not part of an installed package."""


@cache
def heading(label: str, root: Path = ROOT) -> str | None:
    """Return the heading under ``(label)=`` in the book or in a sheet.

    None if there is no such label, or the book is not here.
    """
    above = re.compile(rf"^\({re.escape(label)}\)=\n+#+ +(.+?) *$", re.MULTILINE)
    for folder in ("book", "solutions"):
        for page in sorted((root / folder).glob("*.md")):
            if found := above.search(page.read_text(encoding="utf-8")):
                return found[1]
    return None
