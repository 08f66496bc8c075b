"""Leaving out what a sheet marks as not graded: an experiment may take longer than all exercises.

The sheet's cells bear the tag; an editor that loses it, or a learner who moves code, costs time
alone, since a cell that defines what anything else may need is run whatever its tag says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from autograder.submission.names import defined_names

NOT_GRADED = "not-graded"
WORD = re.compile(r"\w+")


def experiments(notebook: Mapping[str, Any]) -> frozenset[int]:
    """Return which code cells bear the tag, by their place among the code cells, from 0."""
    cells = [
        cell
        for cell in notebook.get("cells", [])
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]
    return frozenset(place for place, cell in enumerate(cells) if _has_tag(cell))


def without_experiments(
    cells: Sequence[str], tagged: Collection[int], exercises: Collection[str]
) -> list[str]:
    """Return the sources with the experiments empty, so that cells keep their numbers.

    A tagged cell stays if it defines an exercise, or a name that stands in a cell without the tag.

    Args:
        cells: Source of every code cell, in order.
        tagged: Places of those that bear the tag, from 0.
        exercises: Names that are graded wherever they are defined.
    """
    graded = (source for place, source in enumerate(cells) if place not in tagged)
    needed = {word for source in graded for word in WORD.findall(source)}.union(exercises)
    return [
        "" if place in tagged and needed.isdisjoint(defined_names(source)) else source
        for place, source in enumerate(cells)
    ]


def _has_tag(cell: Mapping[str, Any]) -> bool:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and NOT_GRADED in tags
