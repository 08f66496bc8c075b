"""Times and points as they are typed."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

import click

NONE = "none"


class Moment(click.ParamType[dt.datetime | None]):
    """A time: a date alone is the end of that day, and without a zone it is this machine's."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.datetime | None:
        """Return the time that ``value`` names; none if it says so."""
        if not isinstance(value, str):
            return value if isinstance(value, dt.datetime) else None
        if value == NONE:
            return None
        try:
            return _end_of_day(value).astimezone()
        except ValueError:
            with contextlib.suppress(ValueError, OverflowError):
                return dt.datetime.fromisoformat(value).astimezone()
        example = "2026-03-01 or 2026-03-01T18:00+01:00"
        return self.fail(f"{value!r} is no time such as {example}", param, ctx)


class Points(click.ParamType[float | None]):
    """A number of points, or none to withdraw a mark."""

    name = "points"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """Return the number; none if ``value`` says so."""
        if value == NONE:
            return None
        try:
            return float(value)
        except ValueError:
            self.fail(
                f"{value!r} is no number of points; to withdraw a mark say {NONE}", param, ctx
            )


def _end_of_day(text: str) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(23, 59, 59))
