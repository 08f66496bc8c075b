"""Wrong answers that do the same are put together, and those that do not are kept apart."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import msgspec

from autograder.faults import fault_models
from autograder.faults.clusters import Clusters, clusters
from autograder.faults.diagnose import diagnose
from autograder.results import Cluster, Unexplained

WEIGHTS = fault_models("attention")["attention_weights"]
Answer = Callable[..., Any]


def squashed(equivalent: Answer, factor: float = 0.55) -> Answer:
    """Return an answer that is wrong in a way no fault is, computed in its own order."""
    return lambda query, key, *mask: equivalent(query * factor, key, *mask)


def unexplained(learner: str, answer: Answer) -> Unexplained:
    diagnosis = diagnose(WEIGHTS, answer)
    return Unexplained(
        cluster=diagnosis.cluster,
        stem="attention",
        exercise=WEIGHTS.exercise,
        learner=learner,
        source=f"# {learner}",
        counterexample=diagnosis.counterexample,
        behavior=diagnosis.behavior,
    )


def renamed(one: Unexplained, cluster: str, learner: str) -> Unexplained:
    return msgspec.structs.replace(one, cluster=cluster, learner=learner)


def shifted(one: Unexplained, by: float) -> Unexplained:
    """Return another behavior: every number lies that much higher."""
    records = msgspec.json.decode(msgspec.json.encode(one.behavior))
    for record in records:
        record["value"]["numbers"] = [number + by for number in record["value"]["numbers"]]
    return msgspec.structs.replace(one, cluster=f"{by:.9f}", behavior=records)


def test_no_answers_are_no_clusters() -> None:
    assert clusters([]) == []


def test_the_most_common_behavior_comes_first_with_its_learners_and_an_example() -> None:
    answers = [unexplained(name, squashed(WEIGHTS.faulty(), 0.7)) for name in ("zoe", "eva", "ida")]
    rare = unexplained("ada", squashed(WEIGHTS.faulty(), 0.9))
    found = clusters([rare, *answers])
    assert found == [
        Cluster(
            cluster=answers[0].cluster,
            stem="attention",
            exercise="attention_weights",
            learners=["eva", "ida", "zoe"],
            example=answers[1],
        ),
        Cluster(
            cluster=rare.cluster,
            stem="attention",
            exercise="attention_weights",
            learners=["ada"],
            example=rare,
        ),
    ]


def test_a_learner_who_is_graded_twice_is_counted_once() -> None:
    one = unexplained("ada", squashed(WEIGHTS.faulty()))
    assert clusters([one, one])[0].learners == ["ada"]


def test_identifiers_that_differ_by_a_border_are_joined() -> None:
    made = [unexplained(f"l{i}", squashed(each)) for i, each in enumerate(WEIGHTS.equivalents)]
    apart = [renamed(one, f"{i:012x}", one.learner) for i, one in enumerate(made)]
    most = renamed(made[3], "f" * 12, "zoe")
    found = Clusters()
    for one in [*apart, most, renamed(most, most.cluster, "yan")]:
        found.add(one)
    (joined,) = found.listed()
    assert joined.cluster == "f" * 12
    assert joined.learners == [*(f"l{i}" for i in range(len(made))), "yan", "zoe"]
    assert found.shown_as() == {one.cluster: "f" * 12 for one in [*apart, most]}


def test_other_exercises_are_never_joined() -> None:
    one = unexplained("ada", squashed(WEIGHTS.faulty()))
    other = msgspec.structs.replace(one, cluster="0" * 12, exercise="another")
    assert len(clusters([one, other])) == 2


def test_the_order_of_the_answers_does_not_matter() -> None:
    factors = itertools.cycle([0.55, 0.7, 0.9, 0.55])
    answers = [
        unexplained(f"l{i}", squashed(each, next(factors)))
        for i, each in enumerate(WEIGHTS.equivalents * 2)
    ]
    expected = clusters(answers)
    assert len(expected) == 3
    for seed in range(5):
        random.Random(seed).shuffle(answers)
        assert clusters(answers) == expected


def test_many_behaviors_are_compared_quickly_and_near_ones_are_found() -> None:
    one = unexplained("ada", squashed(WEIGHTS.faulty()))
    far = [shifted(one, 0.1 * i) for i in range(1, 400)]
    near = [shifted(each, 1e-6) for each in far[:5]]
    near = [renamed(each, f"near {i}", f"l{i}") for i, each in enumerate(near)]
    started = time.process_time()
    found = clusters([*far, *near])
    assert time.process_time() - started < 5
    assert len(found) == len(far)
    assert [len(each.learners) for each in found[:6]] == [2, 2, 2, 2, 2, 1]
