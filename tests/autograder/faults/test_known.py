"""The search for a mistake's name: the same result as trying everything, with little work."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.faults import fault_models
from autograder.faults.diagnose import diagnose
from autograder.faults.known import KnownMistakes, known_mistakes
from autograder.faults.model import Fault, FaultModel, Probe
from autograder.faults.observe import Outcome, observe
from autograder.sheets import sheets

from .answers import Alter, altered

MODELS = [model for stem in sheets() for model in fault_models(stem).values()]
each_exercise = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.exercise)
Answer = Callable[..., Any]


def wherever_a_tensor(alter: Callable[[Tensor], Tensor]) -> Alter:
    """Return an alteration of results that leaves alone what is no tensor."""
    return lambda result, args: alter(result) if isinstance(result, Tensor) else result


def only_in_batches(result: Tensor) -> Tensor:
    if result.dtype == torch.bool:
        return ~result
    return result * (0.5 if result.dim() > 2 and len(result) > 1 else 1)


ALTERATIONS: tuple[Callable[[Tensor], Tensor], ...] = (
    lambda result: result.flatten().roll(1).reshape(result.shape),
    lambda result: ~result if result.dtype == torch.bool else result * 0.9,
    only_in_batches,
)


def wrong_answers(model: FaultModel, every: int) -> Iterator[Answer]:
    """Yield functions that are no known mistake, made of every so many-th combination."""
    some = itertools.islice(model.combinations(), 0, None, every)
    answers = [model.faulty(), *(model.faulty(f.name for f in faults) for faults in some)]
    for answer, alter in itertools.product(answers, ALTERATIONS):
        yield changed(model, answer, alter)
    for names in itertools.islice(triples(model), 0, None, 5 * every):
        yield model.faulty(names)


def changed(model: FaultModel, answer: Answer, alter: Callable[[Tensor], Tensor]) -> Answer:
    modules = isinstance(model.implementation, type)
    return altered(answer, wherever_a_tensor(alter), makes_modules=modules)


def seen(model: FaultModel, answer: Answer) -> list[Outcome]:
    return [observe(model.trial(answer), probe) for probe in model.probes]


def triples(model: FaultModel) -> Iterator[tuple[str, ...]]:
    for faults in itertools.combinations(model.faults, 3):
        if len({fault.switch for fault in faults}) == 3:
            yield tuple(fault.name for fault in faults)


@cache
def outcome(model: FaultModel, names: tuple[str, ...], at: int) -> Outcome:
    return observe(model.trial(model.faulty(names)), model.probes[at])


def exhaustive(model: FaultModel, outcomes: list[Outcome]) -> list[str]:
    """Return the first combination that agrees on every probe, tried one after another."""
    for faults in model.combinations():
        names = tuple(fault.name for fault in faults)
        if all(outcome(model, names, at).equals(one) for at, one in enumerate(outcomes)):
            return list(names)
    return []


@pytest.mark.slow
@pytest.mark.alone
@each_exercise
def test_the_search_finds_exactly_what_trying_everything_finds(model: FaultModel) -> None:
    known = known_mistakes(model)
    combinations = [tuple(fault.name for fault in faults) for faults in model.combinations()]
    answers = [*map(model.faulty, combinations), *model.equivalents, *wrong_answers(model, 3)]
    found = 0
    for answer in answers:
        outcomes = seen(model, answer)
        names = [fault.name for fault in known.explaining(outcomes, Outcome.equals)]
        assert names == exhaustive(model, outcomes)
        found += bool(names)
    assert len(combinations) <= found < len(answers)


def test_of_mistakes_that_do_the_same_the_first_is_named() -> None:
    model = FaultModel(
        exercise="double",
        implementation=lambda x, times=2, plus=0: x * times + plus,
        faults=tuple(
            Fault(name, switch, value, "?", "label")
            for name, switch, value in (
                ("triples", "times", 3),
                ("adds two", "plus", 2),
                ("adds four", "plus", 4),
                ("quadruples", "times", 4),
            )
        ),
        probes=(Probe("two", {"x": 2}),),
        equivalents=(),
        read="label",
    )
    names = {
        result: [fault.name for fault in diagnose(model, lambda x, result=result: result).faults]
        for result in (4, 6, 8, 10, 12, 13)
    }
    assert names == {
        4: [],
        6: ["triples"],
        8: ["adds four"],
        10: ["triples", "adds four"],
        12: ["adds four", "quadruples"],
        13: [],
    }


@each_exercise
def test_each_probe_is_called_once(model: FaultModel) -> None:
    calls = []

    def counted(*args: Any) -> Any:
        calls.append(args)
        return model.equivalents[0](*args)

    for answer in (counted, changed(model, counted, ALTERATIONS[0])):
        calls.clear()
        diagnose(model, answer)
        assert len(calls) == len(model.probes)


@each_exercise
def test_a_single_mistake_is_found_without_a_look_at_pairs(model: FaultModel) -> None:
    known = KnownMistakes(model)
    answer = model.faulty([model.faults[-1].name])
    outcomes = seen(model, answer)
    assert known.explaining(outcomes, Outcome.equals) == (model.faults[-1],)
    assert max(len(faults) for faults, _ in known._outcomes) == 1


@each_exercise
def test_a_wrong_answer_does_not_make_every_pair_run_on_every_probe(model: FaultModel) -> None:
    known = KnownMistakes(model)
    answer = changed(model, model.faulty(), ALTERATIONS[0])
    outcomes = seen(model, answer)
    assert known.explaining(outcomes, Outcome.equals) == ()
    everything = len(list(model.combinations())) * len(model.probes)
    assert len(known._outcomes) < everything / 2


@each_exercise
def test_what_is_the_same_bit_for_bit_is_kept_once(model: FaultModel) -> None:
    known = KnownMistakes(model)
    outcomes = [known.outcome(faults, 0) for faults in model.combinations()]
    distinct = list({id(outcome): outcome for outcome in outcomes}.values())
    assert len(distinct) < len(outcomes)
    for first, second in itertools.combinations(distinct, 2):
        if first.equals(second):  # within tolerances, not bit for bit
            assert not (isinstance(first.value, Tensor) and torch.equal(first.value, second.value))
