"""What a column may hold, the same on every database."""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy import DateTime, Dialect
from sqlalchemy import Text as SqlText
from sqlalchemy.types import TypeDecorator

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return ``text`` with what no database stores (NUL, lone surrogates) as visible escapes."""
    return _NOT_STORABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def now() -> dt.datetime:
    """Return this moment, in UTC."""
    return dt.datetime.now(dt.UTC)


class Text(TypeDecorator[str]):
    """Text of any length and any origin."""

    impl = SqlText
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Escape what cannot be stored."""
        return None if value is None else storable(value)


class Moment(TypeDecorator[dt.datetime]):
    """A point in time, in UTC.

    SQLite forgets time zones: what goes in is turned into UTC, and on the way out that is said
    again.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: dt.datetime | None, _dialect: Dialect
    ) -> dt.datetime | None:
        """Turn any time zone into UTC."""
        return None if value is None else value.astimezone(dt.UTC)

    def process_result_value(
        self, value: dt.datetime | None, _dialect: Dialect
    ) -> dt.datetime | None:
        """Say that stored times are in UTC, whatever zone the server speaks in."""
        if value is None:
            return None
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)
