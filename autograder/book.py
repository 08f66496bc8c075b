"""Where a label of the book leads, what its chapters are called, and in which order they come."""

from __future__ import annotations

import re
from collections.abc import Iterable
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


def chapter_title(stem: str, root: Path = ROOT) -> str:
    """Return what the chapter of a sheet is called; the stem where the book is not here."""
    return heading(stem.replace("_", "-"), root) or stem


def in_reading_order(stems: Iterable[str], root: Path = ROOT) -> list[str]:
    """Return the stems as their chapters follow one another; those without a chapter come last."""
    contents = root / "_toc.yml"
    text = contents.read_text(encoding="utf-8") if contents.is_file() else ""
    chapters = re.findall(r"^ *- file: book/(\w+)$", text, re.MULTILINE)
    place = {chapter: number for number, chapter in enumerate(chapters)}
    return sorted(stems, key=lambda stem: (place.get(stem, len(place)), stem))
