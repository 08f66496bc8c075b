"""The words of a Python cell, without what a copyist changes first.

Comments, docstrings, spaces and line breaks are dropped; names that a learner chose are marked
as such. It is a lexical split, not Python's own: a cell that does not parse has words as well,
and no text makes it slow.
"""

from __future__ import annotations

import builtins
import keyword
import re
from functools import lru_cache
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
_BRACKETS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


class Token(NamedTuple):
    """One word; ``chosen`` if it is a name that the learner could have chosen otherwise."""

    text: str
    chosen: bool


_STRING = Token("''", chosen=False)


def tokens(source: str) -> list[Token]:
    """Return the words of a cell. All strings are one word, and docstrings are none."""
    matches = islice(_TOKEN.finditer(source), MOST_WORDS)
    pieces = [
        (kind, match.group()) for match in matches if (kind := match.lastgroup or "") != "skipped"
    ]
    words: list[Token] = []
    depth, line_starts, after_dot = 0, True, False
    for (kind, text), (following, _) in pairwise([*pieces, ("newline", "")]):
        if kind == "newline":
            line_starts = line_starts or depth == 0
            continue
        docstring = kind == "string" and line_starts and following == "newline"
        if not docstring:
            words.append(_STRING if kind == "string" else _word(kind, text, after_dot))
            after_dot = text == "."
        if text in _BRACKETS:
            depth = max(0, depth + _BRACKETS[text])
        line_starts = False
    return words


@lru_cache(maxsize=5_000)  # a class shares most of its words
def _word(kind: str, text: str, after_dot: bool) -> Token:
    # What follows a dot belongs to the library: nobody renames torch's methods.
    return Token(text, chosen=kind == "name" and not after_dot and text not in _FIXED_NAMES)
