"""The words of a Python cell, without what a copyist changes first.

Comments, docstrings, spaces and line breaks are dropped; names that a learner chose are marked
as such. It is a lexical split, not Python's own: a cell that does not parse has words as well,
and no text makes it slow.
"""

from __future__ import annotations

import builtins
import keyword
import re
from itertools import islice, pairwise
from typing import NamedTuple

MOST_WORDS = 5000
"""A longer cell is cut: no answer is as long, and the time that one takes is bounded."""

# A string without an end goes on to the end of its line, or of the cell: so every
# alternative matches at once or not at all, and the time is linear in the text.
_TOKEN = re.compile(
    r"""
    (?P<skipped> \#[^\n]* | \\\n )
    | (?P<string> (?:[rbfu]|rb|br|fr|rf)?
        (?: \"{3} (?:\\.|[^\\])*? (?:\"{3}|\Z) | '{3} (?:\\.|[^\\])*? (?:'{3}|\Z)
          | " (?:\\.|[^"\\\n])* "? | ' (?:\\.|[^'\\\n])* '? ) )
    | (?P<number> 0[xob][\da-f_]+ | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?j? )
    | (?P<name> [^\W\d]\w* )
    | (?P<newline> \n )
    | (?P<operator> -> | := | \*\*=? | //=? | <<=? | >>=? | [-+*/%@&|^=!<>]= | [^\s\w] )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_FIXED_NAMES = frozenset(keyword.kwlist) | frozenset(dir(builtins))
_STRING = "''"


class Token(NamedTuple):
    """One word; ``chosen`` if it is a name that the learner could have chosen otherwise."""

    text: str
    chosen: bool


def tokens(source: str) -> list[Token]:
    """Return the words of a cell. All strings are one word, and docstrings are none."""
    matches = islice(_TOKEN.finditer(source), MOST_WORDS)
    pieces = [
        (match.lastgroup or "", match.group()) for match in matches if match.lastgroup != "skipped"
    ]
    words: list[Token] = []
    depth, line_starts = 0, True
    for (kind, text), (following, _) in pairwise([*pieces, ("newline", "")]):
        if kind == "newline":
            line_starts = line_starts or depth == 0
            continue
        docstring = kind == "string" and line_starts and following == "newline"
        if not docstring:
            words.append(_word(kind, text, words))
        depth = max(0, depth + (text in ("(", "[", "{")) - (text in (")", "]", "}")))
        line_starts = False
    return words


def _word(kind: str, text: str, before: list[Token]) -> Token:
    if kind == "string":
        return Token(_STRING, chosen=False)
    # What follows a dot belongs to the library: nobody renames torch's methods.
    attribute = bool(before) and before[-1].text == "."
    return Token(text, chosen=kind == "name" and not attribute and text not in _FIXED_NAMES)
