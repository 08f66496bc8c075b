"""The dates are Babel's, can be decided, and are aligned with what they mean."""

from datetime import date, timedelta

import torch
from babel.dates import format_date, format_skeleton
from hypothesis import given
from hypothesis import strategies as some

from attnbook import dates
from attnbook.dates import HELD_OUT_LOCALES, HELD_OUT_PATTERNS, LOCALES, PATTERNS, write

days = some.integers(0, dates.NUM_DAYS - 1).map(lambda n: dates.FIRST_DAY + timedelta(n))
locales = some.sampled_from((*LOCALES, *HELD_OUT_LOCALES))
patterns = some.sampled_from((*PATTERNS, *HELD_OUT_PATTERNS))


@given(days, locales, patterns)
def test_a_date_is_written_as_babel_writes_it(day, locale, pattern):
    if pattern in {"full", "long", "medium"}:
        expected = format_date(day, pattern, locale=locale)
    else:
        expected = format_skeleton(pattern, day, locale=locale)
    assert write(day, locale, pattern).text == expected


@given(days, locales, patterns)
def test_the_characters_that_decide_a_digit_hold_it(day, locale, pattern):
    written = write(day, locale, pattern)
    for sign, row in zip(day.isoformat(), written.alignment(), strict=True):
        deciders = [written.text[i] for i in row.nonzero()[:, 0].tolist()]
        assert bool(deciders) == (sign != "-")
        if len(deciders) == 1 and deciders[0].isdecimal():
            assert deciders[0] == sign or sign == "0"


def test_an_alignment_of_a_date_in_words():
    written = write(date(2026, 3, 7), "fr", "long")
    rows = ["".join(map(str, row)) for row in written.alignment().int().tolist()]
    assert written.text == "7 mars 2026"
    assert rows == [
        *("00000001000", "00000000100", "00000000010", "00000000001"),
        "0" * 11,
        *("00111100000",) * 2,
        "0" * 11,
        *("10000000000",) * 2,
    ]


def test_no_string_of_the_training_data_stands_for_two_dates():
    meanings: dict[str, set[date]] = {}
    for number in range(365):
        day = date(2027, 1, 1) + timedelta(number)
        for locale, pattern in dates.training_forms():
            meanings.setdefault(write(day, locale, pattern).text, set()).add(day)
    assert all(len(each) == 1 for each in meanings.values())


def test_every_character_of_the_training_data_is_known():
    drawn = dates.draw_dates(dates.split_days()[0], dates.training_forms(), 5000, seed=1)
    assert {sign for each in drawn for sign in each.text} <= set(dates.source_characters())


def test_held_out_days_and_forms_are_never_trained_on():
    training, held_out = map(set, dates.split_days())
    assert not training & held_out
    assert len(training) + len(held_out) == dates.NUM_DAYS
    assert not set(LOCALES) & set(HELD_OUT_LOCALES)
    known = {dates.template(*form) for form in dates.training_forms() if form[0] == "fi"}
    assert all(
        dates.template(*form) not in known for form in dates.unseen_forms() if form[0] == "fi"
    )


def test_the_last_day_is_the_last_of_two_centuries():
    assert date(2099, 12, 31) == dates.LAST_DAY


def test_batches_follow_from_the_seed_and_hold_what_was_asked_for():
    first, second = list(dates.batches(20, 8, seed=3)), list(dates.batches(20, 8, seed=3))
    assert len(first) == 20
    for (source, target), (again, _) in zip(first, second, strict=True):
        assert torch.equal(source, again)
        assert source.shape[0] == len(target) == 8
        assert target.shape[1] == dates.TARGET_LENGTH
        assert source.shape[1] <= dates.MAX_LEN
    assert not torch.equal(first[0][1], next(dates.batches(1, 8, seed=4))[1])


def test_decoding_undoes_encoding_and_shows_what_is_no_date():
    some_days = [date(2026, 11, 23), date(1900, 1, 1)]
    assert dates.decode(dates.encode_targets(some_days)) == ["2026-11-23", "1900-01-01"]
    assert dates.decode(torch.tensor([[4, dates.START, dates.UNKNOWN]])) == ["0??"]


def test_a_character_that_is_not_known_is_marked():
    source = dates.encode(["7 mars", "ა"])
    assert source[1].tolist() == [dates.UNKNOWN, *[dates.PAD] * 5]
    assert dates.UNKNOWN not in source[0].tolist()
