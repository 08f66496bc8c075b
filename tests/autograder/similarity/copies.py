"""Copies of answers, as people disguise them."""

from __future__ import annotations

import random
import re

_LIBRARY_WORDS = {"dim", "diagonal", "dtype", "nan", "device", "mask"}


def renamed(source: str, chance: random.Random) -> str:
    """Return ``source`` with new names for its variables, a docstring, comments and spaces."""
    assigned = set(re.findall(r"(?<!\.)\b([a-z_]\w*)\b(?=\s*(?:=[^=]|/=))", source))
    for number, name in enumerate(sorted(assigned - _LIBRARY_WORDS)):
        new = f"{chance.choice('abcxyz')}_{number}"
        source = re.sub(rf"(?<![.\w]){name}\b(?!\s*:)", new, source)
    lines = source.replace(", ", ",").replace(" = ", "=").split("\n")
    lines.insert(_body(lines), '    """My own work."""')
    return "\n".join(line + chance.choice(["", "  # I thought of this"]) for line in lines)


def edited(source: str, chance: random.Random) -> str:
    """Return ``source`` renamed, with one line put in somewhere."""
    lines = renamed(source, chance).split("\n")
    # Never before the signature or the docstring, or after the line that returns.
    place = chance.randrange(min(2, len(lines) - 1), len(lines))
    indent = re.match(" *", lines[place])
    new = chance.choice(["print('here', 1)", "assert query is not None"])
    return "\n".join([*lines[:place], indent.group() + new, *lines[place:]])


def _body(lines: list[str]) -> int:
    """Return the number of the line after the first signature."""
    return next(place for place, line in enumerate(lines, start=1) if line.endswith(":"))
