"""The arithmetic of the figure of the residual stream: bars and words, in JavaScript."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from attnbook.depth import draw_tokens, fresh, stream_profile

from .javascript import answer

STREAM = Path(__file__).parents[2] / "book" / "assets" / "stream"
DRIVER = """
const { COLUMNS, format, rows, share, verdict } = require("./stream.js");
const { profile, shares, numbers, words } = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  columns: COLUMNS,
  rows: rows(profile),
  shares: shares.map(([column, value]) => share(column, value)),
  formatted: numbers.map(([column, value]) => format(column, value)),
  verdicts: words.map(verdict),
}));
"""
SHARES = {
    ("stream", 1.0): 1 / 3,
    ("attention", 0.01): 0,
    ("feed-forward", 1000.0): 1,
    ("similarity", 0.25): 0.25,
    ("similarity", -0.1): 0,
    ("gradient", 1.0): 1,
    ("gradient", 1e-6): 0.5,
    ("gradient", 1e-15): 0,
    ("gradient", 0.0): 0,
}
NUMBERS = {
    ("stream", 1.234): "1.23",
    ("similarity", -0.0312): "−0.031",
    ("gradient", 0.0412): "4e−2",
    ("gradient", 2.0): "2e0",
}


def profile_of(similarity: float, gradient: float) -> dict[str, list[float]]:
    return {"similarity": [0.0, similarity], "gradient": [gradient, 1.0]}


WORDS = {
    (1.0, 1e-6): "All positions say the same at the end (similarity 1.000), and nearly no gradient",
    (0.7, 1e-2): "The positions are much alike at the end (similarity 0.700), and a gradient",
    (0.1, 1e-2): "The positions differ at the end (similarity 0.100), and a gradient",
}


@cache
def measured() -> dict[str, list[float]]:
    profile = stream_profile(fresh("post-norm", 3, seed=0), draw_tokens(0, 1)[0])
    return {name: part.tolist() for name, part in profile._asdict().items()}


@cache
def in_node() -> dict[str, Any]:
    sent = {
        "profile": measured(),
        "shares": list(SHARES),
        "numbers": list(NUMBERS),
        "words": [profile_of(*values) for values in WORDS],
    }
    return answer(STREAM, DRIVER, sent)


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    assert in_node()["shares"] == pytest.approx(list(SHARES.values()))


def test_numbers_are_short() -> None:
    assert in_node()["formatted"] == list(NUMBERS.values())


def test_words_say_what_the_numbers_say() -> None:
    for said, expected in zip(in_node()["verdicts"], WORDS.values(), strict=True):
        assert said.startswith(expected)


def test_a_row_holds_what_was_measured_after_its_block_and_the_end_is_on_top() -> None:
    rows, profile = in_node()["rows"], measured()
    assert [row["name"] for row in rows] == ["3", "2", "1", "input"]
    assert rows[-1]["cells"][1:3] == [None, None], "the input was added by no sublayer"
    for place, row in enumerate(reversed(rows)):
        stream, attention, feed_forward, similarity, _ = row["cells"]
        assert stream["text"] == f"{profile['size'][place]:.2f}"
        assert similarity["text"] == f"{profile['similarity'][place]:.3f}".replace("-", "−")
        if place:
            assert attention["text"] == f"{profile['attention'][place - 1]:.2f}"
            assert feed_forward["text"] == f"{profile['feed_forward'][place - 1]:.2f}"
