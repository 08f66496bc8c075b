"""Dates as thirty languages write them, and what they mean. Chapter: book/encoder_decoder.md.

The forms are those of the Unicode CLDR, which Babel brings along.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from itertools import islice

import torch
from babel import Locale
from babel.dates import DateTimeFormat, tokenize_pattern
from jaxtyping import Bool, Int
from torch import Tensor

# fmt: off
LOCALES = (
    "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hi", "hr", "hu", "id", "it",
    "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "vi", "zh",
)
# fmt: on
HELD_OUT_LOCALES = ("af", "be", "ca", "eu", "gl", "is", "ka", "mk", "ms", "sk", "sl", "sw")

# CLDR's names. What these six write, in any of the thirty languages, means one date alone.
PATTERNS = ("full", "long", "medium", "yMMMEd", "yMEd", "GyMMMd")
HELD_OUT_PATTERNS = ("GyMMMEd", "yMMMd", "yMd", "GyMd")

FIRST_DAY, NUM_DAYS = date(1900, 1, 1), 73_049
LAST_DAY = FIRST_DAY + timedelta(NUM_DAYS - 1)
_HELD_OUT_SHARE = 0.1

PAD, UNKNOWN, START, END = range(4)
# Both sides share the first four numbers; the source never starts, the target is always known.
TARGET_CHARACTERS = "0123456789-"
TARGET_LENGTH = len("2026-11-23") + 1  # with END
MAX_LEN = 64
# How many batches are cut from one drawing, sorted by length.
_POOL = 16


@dataclass(frozen=True)
class WrittenDate:
    """A date in the form of one language.

    Attributes:
        day: The date that is meant.
        locale: CLDR's name of the language.
        pattern: CLDR's name of the form.
        pieces: The text in parts. Each has the letter of what it says, as in CLDR: d for the
            day, M for the month, y for the year; an empty one if it says nothing of the date.
    """

    day: date
    locale: str
    pattern: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """What stands there."""
        return "".join(text for _, text in self.pieces)

    def alignment(self) -> Bool[Tensor, "target source"]:
        """Return for each character of the ISO date which characters of the text decide it.

        A digit of the year goes with the same digit, and so do the digits of the day and
        of a month in digits. A month in words goes with all of its letters, and a leading 0
        that is not written goes with the digit after it. Hyphens go with nothing.
        """
        rows = torch.zeros(TARGET_LENGTH - 1, len(self.text), dtype=torch.bool)
        begin = 0
        for field, text in self.pieces:
            if field in _PLACES:
                first, size = _PLACES[field]
                for digit in range(size):
                    rows[first + digit, _deciders(text, digit, size, begin)] = True
            begin += len(text)
        return rows


# Where the digits of a field stand in an ISO date: the first, and how many.
_PLACES = {"y": (0, 4), "M": (5, 2), "d": (8, 2)}


def _deciders(text: str, digit: int, size: int, begin: int) -> slice:
    if not text.isdecimal():
        numerals = [at for at, character in enumerate(text) if character.isdecimal()]
        if not numerals:
            return slice(begin, begin + len(text))
        begin, text = begin + numerals[0], text[numerals[0] : numerals[-1] + 1]
    at = max(digit - (size - len(text)), 0)
    return slice(begin + at, begin + at + 1)


def write(day: date, locale: str, pattern: str) -> WrittenDate:
    """Return a date as a language writes it in one of CLDR's forms.

    Args:
        day: The date.
        locale: Such as "fr".
        pattern: One of the four lengths, such as "full", or a skeleton, such as "yMMMEd".
    """
    pieces = []
    for kind, value in _template(locale, pattern):
        if kind == "chars":
            pieces.append(("", value))
        else:
            pieces.append((_meaning(value), _piece(locale, value, _at_stake(day, value[0]))))
    return WrittenDate(day, locale, pattern, tuple(pieces))


@cache
def _template(locale: str, pattern: str) -> tuple[tuple[str, str], ...]:
    found = Locale.parse(locale)
    formats = found.date_formats if pattern in found.date_formats else found.datetime_skeletons
    # A piece of text is a string, a field is a letter and how often it is repeated.
    return tuple(
        (kind, value if isinstance(value, str) else value[0] * value[1])
        for kind, value in tokenize_pattern(formats[pattern].pattern)
    )


def template(locale: str, pattern: str) -> str:
    """Return CLDR's own notation of a form, such as ``d MMMM y`` for "long" in French."""
    return "".join(value for _, value in _template(locale, pattern))


def _meaning(field: str) -> str:
    return {"L": "M", "c": "E", "e": "E"}.get(field[0], field[0])


def _at_stake(day: date, letter: str) -> date:
    """Return a day that a field writes like ``day``, one of few, so that pieces can be kept."""
    meaning = _meaning(letter)
    if meaning == "y":
        return day.replace(month=1, day=1)
    if meaning == "M":
        return date(2000, day.month, 1)
    if meaning == "d":
        return date(2000, 1, day.day)
    return date(2000, 1, 3 + day.weekday()) if meaning == "E" else FIRST_DAY


@cache
def _piece(locale: str, field: str, day: date) -> str:
    return str(DateTimeFormat(day, Locale.parse(locale))[field])


@lru_cache(maxsize=1)
def source_characters() -> str:
    """Return every character that the thirty languages use in the six forms, in order."""
    samples = {date(2000, month, 1) for month in range(1, 13)}
    samples |= {FIRST_DAY.replace(year=1234, day=day) for day in range(1, 32)}
    samples |= {date(5678, 9, day) for day in range(1, 8)}
    texts = (
        write(day, locale, pattern).text
        for day in samples
        for locale in LOCALES
        for pattern in PATTERNS
    )
    return "".join(sorted(set("".join(texts))))


def encode(texts: Sequence[str]) -> Int[Tensor, "batch length"]:
    """Return texts as numbers, filled up with PAD; a character that is not known is UNKNOWN."""
    numbers = _numbers(source_characters())
    rows = [[numbers.get(character, UNKNOWN) for character in text] for text in texts]
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])


def encode_targets(days: Sequence[date]) -> Int[Tensor, "batch length"]:
    """Return ISO dates as numbers, each with END after it."""
    numbers = _numbers(TARGET_CHARACTERS)
    return torch.tensor([[numbers[each] for each in day.isoformat()] + [END] for day in days])


def decode(tokens: Int[Tensor, "batch length"]) -> list[str]:
    """Return what a model wrote, up to END; PAD, UNKNOWN and START show as ``?``."""
    texts = []
    for row in tokens.tolist():
        written = row[: row.index(END)] if END in row else row
        texts.append("".join(TARGET_CHARACTERS[t - 4] if t >= 4 else "?" for t in written))
    return texts


@lru_cache(maxsize=2)
def _numbers(characters: str) -> dict[str, int]:
    return {character: number for number, character in enumerate(characters, start=4)}


@lru_cache(maxsize=1)
def split_days() -> tuple[tuple[date, ...], tuple[date, ...]]:
    """Return the days to train on and those that are held out, in no order."""
    days = [FIRST_DAY + timedelta(number) for number in range(NUM_DAYS)]
    random.Random(0).shuffle(days)  # noqa: S311 - nothing is kept secret
    held_out = round(NUM_DAYS * _HELD_OUT_SHARE)
    return tuple(days[held_out:]), tuple(days[:held_out])


def draw_dates(
    days: Sequence[date], forms: Sequence[tuple[str, str]], count: int, seed: int
) -> Iterator[WrittenDate]:
    """Yield dates in random forms; the same seed gives the same ones.

    Args:
        days: What to draw from.
        forms: Pairs of a locale and a pattern to draw from.
        count: How many.
        seed: Of the drawing.
    """
    draw = random.Random(seed)  # noqa: S311 - nothing is kept secret
    for _ in range(count):
        yield write(draw.choice(days), *draw.choice(forms))


def training_forms() -> list[tuple[str, str]]:
    """Return the pairs of a locale and a pattern that a model is trained on."""
    return [(locale, pattern) for locale in LOCALES for pattern in PATTERNS]


def unseen_forms() -> list[tuple[str, str]]:
    """Return held-out patterns in the trained locales that look like no trained one there."""
    return [
        (locale, pattern)
        for locale in LOCALES
        for pattern in HELD_OUT_PATTERNS
        if template(locale, pattern) not in {template(locale, known) for known in PATTERNS}
    ]


def batches(
    count: int, size: int, seed: int
) -> Iterator[tuple[Int[Tensor, "batch source"], Int[Tensor, "batch target"]]]:
    """Yield batches of training days in training forms: what is written, and what it means.

    Texts of like length share a batch, so that little of it is padding.
    """
    drawn = draw_dates(split_days()[0], training_forms(), count * size, seed)
    order = random.Random(seed)  # noqa: S311 - nothing is kept secret
    while pool := sorted(islice(drawn, _POOL * size), key=lambda each: len(each.text)):
        cuts = [pool[at : at + size] for at in range(0, len(pool), size)]
        order.shuffle(cuts)
        for batch in cuts:
            yield encode([each.text for each in batch]), encode_targets([e.day for e in batch])
