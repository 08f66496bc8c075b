"""Text that somebody else wrote, made safe to print: on a page, in a file, on a terminal."""

from __future__ import annotations

MOST_CHARACTERS = 2000


def plain_text(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return ``text`` with control characters and half characters made visible, cut to ``most``.

    Line breaks stay. A terminal's escape sequences, and what UTF-8 cannot hold, become
    backslash escapes.
    """
    cut = text if len(text) <= most else f"{text[:most]} […]"
    return "\n".join(map(printable, cut.split("\n")))


def printable(name: str) -> str:
    """Return ``name`` in one line, with control characters and undecodable bytes made visible."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in name
    )
