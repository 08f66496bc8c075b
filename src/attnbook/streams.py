"""A long text in which looking far back pays. Chapter: book/approximate.md.

Dates in thirty languages, one a line. About half of the lines repeat an earlier one, drawn
at random from all of them: whoever finds it can read off how the line goes on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date

import torch
from jaxtyping import Bool

from attnbook import dates

REPEATED = 0.5


def stream_text(length: int, seed: int, days: Sequence[date] | None = None) -> str:
    """Return a text of so many characters. It starts with a newline, and each line ends with one.

    Args:
        length: Number of characters; the last line may be cut.
        seed: Of the drawing. A longer text of the same seed goes on where a shorter one ends.
        days: What the dates are drawn from; days that no model is trained on if not given.

    Raises:
        ValueError: If length is below 1.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1, got length={length}")
    text = "\n"
    lines = _lines(dates.split_days()[1] if days is None else days, seed)
    while len(text) < length:
        text += next(lines) + "\n"
    return text[:length]


def in_repeated_line(text: str) -> Bool[torch.Tensor, " length"]:
    """Return for each character whether its whole line stands further up already."""
    seen: set[str] = set()
    marks: list[bool] = []
    for line in text.splitlines(keepends=True):
        # What opens the text ends no line, and a line that is cut off counts as a new one.
        repeated = len(line) > 1 and line in seen
        marks += [repeated] * len(line)
        seen.add(line)
    return torch.tensor(marks)


def _lines(days: Sequence[date], seed: int) -> Iterator[str]:
    draw = random.Random(seed)  # noqa: S311 - nothing is kept secret
    forms = dates.training_forms()
    earlier: list[str] = []
    while True:
        if earlier and draw.random() < REPEATED:
            earlier.append(draw.choice(earlier))
        else:
            earlier.append(dates.write(draw.choice(days), *draw.choice(forms)).text)
        yield earlier[-1]
