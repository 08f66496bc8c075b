"""A CSV file in which single cells are changed and every other byte stays as it was.

Python's own writer would choose quotes, line ends and the byte order mark anew. A school's
gradebook goes back into the program it came from, so nothing else may change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t")
MARK = "\ufeff"


class TemplateError(ValueError):
    """A file that cannot be filled in; the message says what was expected and what to do."""


@dataclass
class CsvFile:
    """The cells of a file as they stand in it, quotes included.

    Attributes:
        before: The byte order mark, or nothing.
        rows: The raw cells of each line.
        ends: What ends each line: a line break of any kind, or nothing at the end of the file.
    """

    delimiter: str
    before: str
    rows: list[list[str]]
    ends: list[str]

    @property
    def header(self) -> list[str]:
        """What the cells of the first line say."""
        return [self.value(0, column) for column in range(len(self.rows[0]))] if self.rows else []

    def value(self, row: int, column: int) -> str:
        """Return what a cell says; nothing where the line is too short to have it."""
        cells = self.rows[row]
        raw = cells[column] if column < len(cells) else ""
        return raw[1:-1].replace('""', '"') if raw.startswith('"') else raw

    def fill(self, row: int, column: int, text: str) -> None:
        """Put a number or other plain text into a cell, in quotes if the cell had some."""
        cells = self.rows[row]
        cells += [""] * (column + 1 - len(cells))
        cells[column] = f'"{text}"' if cells[column].startswith('"') else text

    def content(self) -> bytes:
        """Return the file."""
        lines = (
            self.delimiter.join(cells) + end
            for cells, end in zip(self.rows, self.ends, strict=True)
        )
        return (self.before + "".join(lines)).encode("utf-8", "surrogateescape")


def read_csv(content: bytes, fits: Callable[[list[str]], bool], expected: str) -> CsvFile:
    """Read a file whose cells are divided by commas, semicolons or tabs.

    Bytes that are no UTF-8 are kept as they are.

    Args:
        content: The file.
        fits: Tells whether a header is that of the file; it decides which divider is meant.
        expected: What the header must hold, for the message.

    Raises:
        TemplateError: If the file is no text, a quote is not closed, or no divider fits.
    """
    if b"\0" in content:
        raise TemplateError("the file is UTF-16 or no text: save it as CSV in UTF-8")
    text = content.decode("utf-8", "surrogateescape")
    before = MARK if text.startswith(MARK) else ""
    text = text.removeprefix(MARK)
    for delimiter in DELIMITERS:
        first = CsvFile(delimiter, before, *_first_line(text, delimiter))
        if fits(first.header):
            rows, ends = _lines(text, delimiter)
            return CsvFile(delimiter, before, rows, ends)
    header = text.split("\n", 1)[0].strip()[:200]
    raise TemplateError(f"the first line must hold {expected}, but it is: {header or 'empty'}")


def _first_line(text: str, delimiter: str) -> tuple[list[list[str]], list[str]]:
    try:
        cells, end = next(_parse(text, delimiter))
    except (StopIteration, TemplateError):
        return [], []
    return [cells], [end]


def _lines(text: str, delimiter: str) -> tuple[list[list[str]], list[str]]:
    parsed = list(_parse(text, delimiter))
    return [cells for cells, _ in parsed], [end for _, end in parsed]


def _parse(text: str, delimiter: str) -> Iterator[tuple[list[str], str]]:
    """Yield the raw cells of each line, and what ends it."""
    cell = re.compile(rf'"[^"]*(?:""[^"]*)*"|(?!")[^\r\n{re.escape(delimiter)}]*')
    end = re.compile(rf"{re.escape(delimiter)}|\r\n|\n|\r|\Z")
    cells: list[str] = []
    place, line = 0, 1
    while place < len(text) or cells:
        found = cell.match(text, place)
        after = end.match(text, found.end()) if found else None
        if found is None or after is None:
            raise TemplateError(f"row {line}: a quote is not closed, or text follows a quote")
        cells.append(found[0])
        place = after.end()
        if after[0] != delimiter:
            yield cells, after[0]
            cells, line = [], line + 1
