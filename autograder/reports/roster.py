"""The lists of learners: on the page of a small class, in files of their own for a large one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import PurePosixPath

from autograder.reports import paths
from autograder.reports.summary import SheetSummary
from autograder.reports.tally import Row

MOST_ON_CLASS_PAGE = 300
"""Submissions of all sheets together; a row takes about 700 bytes."""

MOST_ON_A_PAGE = 250
FOLDER = "learners"


@dataclasses.dataclass(frozen=True)
class RosterPage:
    """A part of a sheet's learners, by name.

    Attributes:
        path: Of the page, relative to the folder of the class.
        number: From 1 to ``of``.
    """

    path: str
    sheet: SheetSummary
    rows: Sequence[Row]
    number: int
    of: int
    before: str
    after: str

    @property
    def link(self) -> str:
        """The page as an address on the class page."""
        return paths.link(PurePosixPath(self.path))


def rosters(summaries: Sequence[SheetSummary]) -> dict[str, list[RosterPage]]:
    """Return the pages that list each sheet's learners; none where the class is small."""
    small = sum(len(sheet.rows) for sheet in summaries) <= MOST_ON_CLASS_PAGE
    return {sheet.stem: [] if small else _pages(sheet) for sheet in summaries}


def _pages(sheet: SheetSummary) -> list[RosterPage]:
    parts = [
        sheet.rows[start : start + MOST_ON_A_PAGE]
        for start in range(0, len(sheet.rows), MOST_ON_A_PAGE)
    ]
    names = ["", *(f"{paths.slug(sheet.stem)}-{place}.html" for place in range(1, len(parts) + 1))]
    return [
        RosterPage(
            path=f"{FOLDER}/{names[number]}",
            sheet=sheet,
            rows=rows,
            number=number,
            of=len(parts),
            before=paths.link(PurePosixPath(names[number - 1])) if number > 1 else "",
            after=paths.link(PurePosixPath(names[number + 1])) if number < len(parts) else "",
        )
        for number, rows in enumerate(parts, start=1)
    ]
