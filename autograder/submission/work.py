"""What a notebook says of the work on it: how many cells were run, and over what time.

Whoever hands a notebook in can write anything there: this is information, never evidence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MOST_RUNS = 1_000_000


class Work(NamedTuple):
    """Work on a notebook.

    Attributes:
        cell_runs: Highest number beside a cell: runs since the kernel was started last.
        minutes: From the first to the last run of a cell, where Jupyter was told to record it.
    """

    cell_runs: int = 0
    minutes: float | None = None


def work_on(notebook: Mapping[str, Any]) -> Work:
    """Return what the code cells of a notebook in format 4 record."""
    cells = [cell for cell in notebook.get("cells", []) if isinstance(cell, dict)]
    counts = [cell.get("execution_count") for cell in cells]
    runs = [count for count in counts if type(count) is int and 0 < count <= MOST_RUNS]
    moments = [moment for cell in cells for moment in _moments(cell)]
    span = (max(moments) - min(moments)).total_seconds() / 60 if len(moments) > 1 else None
    return Work(max(runs, default=0), None if span is None else round(span, 1))


def _moments(cell: Mapping[str, Any]) -> Iterator[dt.datetime]:
    """Yield when a cell was run; JupyterLab's setting "recordTiming" writes it down."""
    metadata = cell.get("metadata")
    recorded = metadata.get("execution") if isinstance(metadata, dict) else None
    for value in recorded.values() if isinstance(recorded, dict) else ():
        try:
            moment = dt.datetime.fromisoformat(value)
        except (TypeError, ValueError):
            continue
        yield moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
