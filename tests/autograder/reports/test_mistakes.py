"""Hints find their mistake, and a message said by every check is said once."""

from __future__ import annotations

import msgspec
import pytest

from autograder.reports.mistakes import common_message, hints


@pytest.mark.parametrize(
    ("diagnosis", "hint", "expected"),
    [
        (["no scale"], "Why?", {"no scale": "Why?"}),
        (["no scale"], "Two\nlines", {"no scale": "Two\nlines"}),
        (
            ["no scale", "inverted"],
            "First?\nSecond?",
            {"no scale": "First?", "inverted": "Second?"},
        ),
        (["no scale", "inverted"], "For both", {"no scale": "", "inverted": ""}),
        ([], "No known mistake", {}),
    ],
)
def test_each_mistake_has_its_own_line_of_the_hint(answers, diagnosis, hint, expected):
    answer = answers("causal_mask", "sees one ahead")
    assert hints(msgspec.structs.replace(answer, diagnosis=diagnosis, hint=hint)) == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["took too long", "took too long"], "took too long"),
        (["took too long", ""], ""),
        (["took too long"], ""),
        ([], ""),
    ],
)
def test_a_message_is_common_when_several_checks_say_nothing_else(answers, messages, expected):
    answer = answers("causal_mask")
    checks = [msgspec.structs.replace(answer.checks[0], message=message) for message in messages]
    assert common_message(msgspec.structs.replace(answer, checks=checks)) == expected
