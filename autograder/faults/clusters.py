"""Wrong answers without a name, put together by what they do."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable

from autograder.faults.matching import level, same_behavior
from autograder.results import Cluster, Unexplained


class Clusters:
    """Takes in one answer after another and keeps an example of each behavior.

    Memory grows with the number of different behaviors, not with that of answers.
    """

    def __init__(self) -> None:
        self._examples: dict[str, Unexplained] = {}
        self._learners: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, one: Unexplained) -> None:
        """Count an answer. The example is that of the learner whose name sorts first."""
        known = self._examples.get(one.cluster)
        if known is None or one.learner < known.learner:
            self._examples[one.cluster] = one
        self._learners[one.cluster].add(one.learner)

    def shown_as(self) -> dict[str, str]:
        """Return under which identifier each one is listed.

        Identifiers that differ although the behaviors are the same within tolerances are
        joined; the one that most learners share stands for all of them.
        """
        joined: dict[str, str] = {}
        shown: defaultdict[tuple[str, str], _Shown] = defaultdict(_Shown)
        for cluster in sorted(self._examples, key=lambda each: (-len(self._learners[each]), each)):
            example = self._examples[cluster]
            joined[cluster] = shown[example.stem, example.exercise].same_as(example)
        return joined

    def listed(self) -> list[Cluster]:
        """Return the clusters, the largest first."""
        learners: defaultdict[str, set[str]] = defaultdict(set)
        for cluster, shown in self.shown_as().items():
            learners[shown] |= self._learners[cluster]
        listed = [
            Cluster(
                cluster=cluster,
                stem=self._examples[cluster].stem,
                exercise=self._examples[cluster].exercise,
                learners=sorted(those),
                example=self._examples[cluster],
            )
            for cluster, those in learners.items()
        ]
        return sorted(
            listed, key=lambda one: (-len(one.learners), one.stem, one.exercise, one.cluster)
        )


class _Shown:
    """The clusters of one exercise that stand for themselves, sorted by the level of their numbers.

    What is the same has nearly the same level, so that few are compared in full.
    """

    def __init__(self) -> None:
        self._levels: list[float] = []
        self._examples: list[Unexplained] = []

    def same_as(self, example: Unexplained) -> str:
        """Return the identifier that stands for ``example``: its own if none is the same."""
        mean, most = level(example.behavior)
        first = bisect.bisect_left(self._levels, mean - most)
        last = bisect.bisect_right(self._levels, mean + most)
        for other in self._examples[first:last]:
            if same_behavior(other.behavior, example.behavior):
                return other.cluster
        place = bisect.bisect_left(self._levels, mean)
        self._levels.insert(place, mean)
        self._examples.insert(place, example)
        return example.cluster


def clusters(unexplained: Iterable[Unexplained]) -> list[Cluster]:
    """Return wrong answers without a name by what they do, the most common behavior first."""
    found = Clusters()
    for one in unexplained:
        found.add(one)
    return found.listed()
