"""Lines that follow from the seed, and which of them stand further up."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnbook import dates
from attnbook.streams import in_repeated_line, stream_text


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 50))
def test_a_longer_text_goes_on_where_a_shorter_one_ends(shorter, longer, seed):
    shorter, longer = sorted((shorter, longer))
    text = stream_text(longer, seed)
    assert len(text) == longer
    assert text.startswith("\n")
    assert text[:shorter] == stream_text(shorter, seed)


def test_another_seed_gives_another_text():
    assert stream_text(300, 1) != stream_text(300, 2)


def test_each_line_is_a_date_of_the_days_that_it_may_be_drawn_from():
    day = dates.split_days()[0][0]
    known = {dates.write(day, *form).text for form in dates.training_forms()}
    lines = stream_text(600, 3, days=[day]).splitlines()[1:-1]
    assert len(lines) > 10
    assert set(lines) <= known


def test_about_half_of_the_lines_repeat_an_earlier_one():
    lines = stream_text(40_000, 4).splitlines()[1:-1]
    assert 1 - len(set(lines)) / len(lines) == pytest.approx(0.5, abs=0.04)


def test_only_whole_lines_that_stand_further_up_are_repeated():
    marks = in_repeated_line("\nab\nc\nab\nabc\n\nc\na")
    expected = [0] * 6 + [1] * 3 + [0] * 4 + [0] + [1] * 2 + [0]
    assert torch.equal(marks.int(), torch.tensor(expected, dtype=torch.int32))


def test_every_character_of_a_text_but_the_newline_is_known_to_the_encoding():
    text = stream_text(5000, 5)
    unknown = (dates.encode([text])[0] == dates.UNKNOWN).tolist()
    assert {character for character, each in zip(text, unknown, strict=True) if each} == {"\n"}


def test_a_text_has_at_least_one_character():
    with pytest.raises(ValueError, match="length must be at least 1, got length=0"):
        stream_text(0, 0)
