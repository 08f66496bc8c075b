"""What goes wrong with a gradebook, in words that say what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

FEW = 8


class GradebookError(RuntimeError):
    """The gradebook cannot be used as asked; the message says why and what to do."""


def unknown(kind: str, name: str, known: Iterable[str], remedy: str) -> GradebookError:
    """Return the error for a name that is not there: with those that look like it, or a few.

    Args:
        kind: What the name is of, such as ``learner``.
        name: What was asked for.
        known: The names that exist.
        remedy: What to do if the name is right.
    """
    names = sorted(known)
    folded = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=FEW)
    if near:
        hint = "did you mean " + " or ".join(repr(folded[one]) for one in near)
    elif 0 < len(names) <= FEW:
        hint = "there is " + ", ".join(map(repr, names))
    elif names:
        hint = f"there are {len(names)}, and none looks like it"
    else:
        hint = "there is none yet"
    return GradebookError(f"no {kind} {name!r}: {hint}; {remedy}")
