"""Text that a spreadsheet shows and never computes."""

from __future__ import annotations

import re

# What spreadsheets take for the start of a formula, full-width forms included, also behind
# blanks and invisible characters, which some of them drop before they look.
_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
# Control characters (a NUL ends a cell in some readers) and lone surrogates (not encodable).
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def text_cell(text: str) -> str:
    r"""Return ``text`` so that a spreadsheet shows it and never runs it.

    A text that could start a formula gets a leading apostrophe, which spreadsheets
    read as "this is text". Control characters become visible escapes such as ``\x00``.
    """
    visible = _UNPRINTABLE.sub(_escape, text)
    return f"'{visible}" if _FORMULA.match(visible) else visible


def shown_text(cell: str) -> str:
    """Return the text that a cell stands for: `text_cell` undone, and Canvas's ``="name"``.

    Canvas writes a name that begins with ``=`` as the formula ``="name"``.
    """
    if cell.startswith("'") and _FORMULA.match(cell[1:]):
        return cell[1:]
    quoted = _TEXT_FORMULA.fullmatch(cell)
    return quoted[1] if quoted else cell


def number_cell(value: float) -> int | float:
    """Return a score as the shortest number: 9 rather than 9.0, without rounding noise."""
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
