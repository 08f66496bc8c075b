"""What only shows when answers lie side by side: shared mistakes, answers that are alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from autograder.faults.clusters import Clusters
from autograder.grading.graded import Graded
from autograder.published import sheet_cells, solution_cells
from autograder.results import Cluster, SimilarPair, SubmissionResult
from autograder.similarity import similar
from autograder.submission import defined_names

Marks = dict[str, dict[str, list[int]]]


class Comparison:
    """A class, taken in one notebook at a time; of each it keeps little more than numbers."""

    def __init__(self, notebooks: Iterable[Graded]) -> None:
        self._marks: defaultdict[str, Marks] = defaultdict(dict)
        self._clusters: list[Cluster] = []
        self._shown_as: Mapping[str, str] = {}
        self._take_in(notebooks)

    def shown(self, result: SubmissionResult) -> SubmissionResult:
        """Return ``result`` with each cluster under the name that the class knows it by."""
        if not any(exercise.cluster for exercise in result.exercises):
            return result
        exercises = [
            msgspec.structs.replace(
                exercise, cluster=self._shown_as.get(exercise.cluster, exercise.cluster)
            )
            for exercise in result.exercises
        ]
        return msgspec.structs.replace(result, exercises=exercises)

    def clusters(self) -> list[Cluster]:
        """Return the mistakes without a name, the most common first."""
        return self._clusters

    def similar(self) -> list[SimilarPair]:
        """Return answers that are more alike than their sheet explains."""
        return [
            pair
            for stem, answers in sorted(self._marks.items())
            for pair in similar(stem, answers, stub=sheet_cells(stem), solution=_solution(stem))
        ]

    def _take_in(self, notebooks: Iterable[Graded]) -> None:
        found = Clusters()
        for graded in notebooks:
            result = graded.result
            self._marks[result.stem][result.learner] = graded.fingerprints
            for one in graded.unexplained:
                found.add(one)
        self._clusters, self._shown_as = found.listed(), found.shown_as()


def _solution(stem: str) -> dict[str, str]:
    """Return the published solution of each exercise."""
    cells = solution_cells(stem)
    return {name: source for source in cells for name in defined_names(source)}
