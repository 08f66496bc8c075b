"""Text that somebody else wrote, made safe to print: on a page, in a file, on a terminal."""

from __future__ import annotations

import builtins

MOST_CHARACTERS = 2000


def plain_text(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return ``text`` with control characters and half characters made visible, cut to ``most``.

    Line breaks stay. A terminal's escape sequences, and what UTF-8 cannot hold, become
    backslash escapes.
    """
    cut = text if len(text) <= most else f"{text[:most]} […]"
    return "\n".join(map(printable, cut.split("\n")))


def what_was_raised(message: str) -> str:
    """Return what of "KeyError: text" may be told to the learner who wrote it: "raised KeyError".

    Its text may repeat the inputs that a check drew. A type may have any name, too, so only
    Python's own are repeated.
    """
    name = message.partition(":")[0]
    kind = getattr(builtins, name, None)
    known = isinstance(kind, type) and issubclass(kind, BaseException)
    return f"raised {name}" if known else "raised an error of its own kind"


def printable(name: str) -> str:
    """Return ``name`` in one line, with control characters and undecodable bytes made visible."""
    if name.isprintable():
        return name  # nearly all text is, and letter by letter costs a hundred times as much
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in name
    )
