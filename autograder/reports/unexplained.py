"""Wrong answers that many share and that have no name yet, and how to give them one."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterable
from pathlib import Path

from autograder.plain_text import plain_text
from autograder.results import Cluster

MOST_SHOWN = 12
MOST_SOURCE = 4000
"""Characters of an example; the whole cell is in unexplained.json."""


@dataclasses.dataclass(frozen=True)
class Unnamed:
    """One mistake without a name.

    Attributes:
        command: What to type to name it; the name and the hint are left to the person.
        source: The cell of one learner, as an example.
    """

    cluster: str
    stem: str
    exercise: str
    learners: tuple[str, ...]
    example: str
    source: str
    counterexample: str
    command: str


def unnamed_mistakes(clusters: Iterable[Cluster], stem: str, directory: Path) -> list[Unnamed]:
    """Return the mistakes of one sheet that have no name, those of most learners first."""
    those = [one for one in clusters if one.stem == stem]
    those.sort(key=lambda one: (-len(one.learners), one.exercise, one.cluster))
    return [_unnamed(one, directory) for one in those]


def _unnamed(cluster: Cluster, directory: Path) -> Unnamed:
    words = ["autograder", "name", str(directory), cluster.cluster]
    return Unnamed(
        cluster=cluster.cluster,
        stem=cluster.stem,
        exercise=cluster.exercise,
        learners=tuple(cluster.learners),
        example=cluster.example.learner,
        source=plain_text(cluster.example.source, MOST_SOURCE),
        counterexample=plain_text(cluster.example.counterexample),
        command=f'{shlex.join(words)} "…" --hint "…"',
    )
