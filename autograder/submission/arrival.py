"""When a notebook was handed in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

MOST_CHARACTERS = 100


def handed_in(notebook: Path) -> str:
    """Return the time as ISO 8601 in UTC; empty if it cannot be known.

    It stands in ``timestamp.txt`` beside the notebook, where nbgrader's collector puts it,
    or else it is when the file was changed last: whoever copies a class must keep that
    (``cp -p``, ``rsync -t``), or write the file.
    """
    moment = _noted(notebook.with_name("timestamp.txt"))
    if moment is None:
        try:
            moment = dt.datetime.fromtimestamp(notebook.stat().st_mtime, dt.UTC)
        except (OSError, OverflowError, ValueError):
            return ""
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


def _noted(file: Path) -> dt.datetime | None:
    """Return the time in nbgrader's file: "2026-11-02 10:00:00.000000 UTC", or ISO 8601."""
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(MOST_CHARACTERS).strip()
        moment = dt.datetime.fromisoformat(text.removesuffix("UTC").strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except (OSError, ValueError):
        return None
