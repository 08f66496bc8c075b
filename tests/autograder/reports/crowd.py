"""A class of any size, made one submission at a time: some know more than others."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from autograder.results import Cluster, ExerciseResult, SimilarPair, SubmissionResult, Unexplained

from .sample_class import CHECKS, FAULTS, NO_NAME, answer, submission, unreadable

CLUSTER = "0123456789ab"
SOURCE = "def padding_mask(lengths, num_keys):\n    return lengths[:, None] < num_keys  # </pre>\n"


def crowd(size: int, seed: int = 1) -> Iterator[SubmissionResult]:
    """Yield ``size`` submissions; every twentieth cannot be read, every fifteenth is flagged."""
    chance = random.Random(seed)
    for number in range(size):
        learner = f"Learner {number:05}"
        if number % 20 == 19:
            yield msgspec.structs.replace(unreadable(learner), seconds=0.01)
        else:
            yield _drawn(learner, chance, flagged=number % 15 == 14)


def unnamed_cluster(*learners: str, cluster: str = CLUSTER, source: str = SOURCE) -> Cluster:
    """Return a mistake without a name in the exercise ``padding_mask``."""
    example = Unexplained(
        cluster=cluster,
        stem="attention",
        exercise="padding_mask",
        learner=learners[0],
        source=source,
        counterexample="padding_mask, two sequences\n  expected  [[True]]\n  yours  [[False]]",
        behavior=[],
    )
    return Cluster(
        cluster=cluster,
        stem="attention",
        exercise="padding_mask",
        learners=list(learners),
        example=example,
    )


def alike(first: str, second: str, share: float = 0.9) -> SimilarPair:
    """Return a pair whose answers to one exercise are alike."""
    return SimilarPair(
        stem="attention", first=first, second=second, share=share, exercises=["causal_mask"]
    )


def _drawn(learner: str, chance: random.Random, *, flagged: bool) -> SubmissionResult:
    skill = chance.gauss(0, 1)
    answers = [_answer(exercise, skill, chance) for exercise in CHECKS]
    blank = submission(learner, flags=["calls torch's own attention"] if flagged else [])
    return msgspec.structs.replace(
        blank,
        exercises=answers,
        score=sum(one.score for one in answers),
        seconds=chance.uniform(0.1, 0.3),
        cell_runs=chance.randrange(5, 80),
        minutes=chance.lognormvariate(3.7, 0.5) if chance.random() < 0.8 else None,
    )


def _answer(exercise: str, skill: float, chance: random.Random) -> ExerciseResult:
    """Return a right answer to whoever is able; `padding_mask` misleads the able."""
    ability = -skill if exercise == "padding_mask" else skill
    if ability + chance.gauss(0, 0.7) > -0.3:
        return answer(exercise)
    if exercise == "padding_mask" and chance.random() < 0.5:
        return msgspec.structs.replace(answer(exercise, NO_NAME), cluster=CLUSTER)
    names = [fault.name for fault in FAULTS.values() if fault.exercise == exercise]
    return answer(exercise, chance.choice([*names, "error"]))
