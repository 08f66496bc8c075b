"""What an answer did, as plain data: complete where it can be right, small where it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.faults import fault_models
from autograder.faults.behavior import inputs_digest, recorded
from autograder.faults.diagnose import diagnose
from autograder.faults.matching import cluster_of, same_behavior
from autograder.faults.model import FaultModel
from autograder.faults.observe import observe
from autograder.sandbox.errors import student_error

MODELS = fault_models("attention")
WEIGHTS = MODELS["attention_weights"]
Answer = Callable[..., Any]


def behavior(answer: Answer, model: FaultModel = WEIGHTS) -> list[dict[str, Any]]:
    outcomes = [observe(answer, probe) for probe in model.probes]
    correct = [observe(model.faulty(), probe) for probe in model.probes]
    return recorded(model.probes, outcomes, correct)


def first_value(answer: Answer) -> dict[str, Any]:
    value: dict[str, Any] = behavior(answer)[0]["value"]
    return value


def test_a_record_holds_what_can_be_seen_of_a_call() -> None:
    def answer(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
        weights: Tensor = WEIGHTS.faulty()(query, key, mask) * 0.123456789
        key.data.mul_(2)
        return weights

    records = behavior(answer)
    assert [record["probe"] for record in records] == [probe.name for probe in WEIGHTS.probes]
    assert records[0]["value"]["type"] == "float32"
    assert records[0]["value"]["shape"] == [1, 3]
    assert sum(records[0]["value"]["numbers"]) == pytest.approx(0.123457, abs=2e-6)
    assert records[0]["changed"] == ["key"]
    assert "gradients" not in records[0]
    gradients = records[10]["gradients"]
    assert [gradient["shape"] for gradient in gradients] == [[3, 5], [7, 5]]
    assert records[8]["value"]["type"] == "float16"


def test_a_missing_gradient_is_recorded() -> None:
    cut = behavior(lambda *args: WEIGHTS.faulty()(*args).detach())
    assert cut[10]["gradients"] == [{"type": "NoneType", "is": None}] * 2


def test_what_json_cannot_hold_is_text() -> None:
    def answer(*args: Tensor) -> Tensor:
        return torch.tensor([torch.nan, torch.inf, -torch.inf, -0.0])

    assert json.dumps(first_value(answer)["numbers"]) == '["nan", "inf", "-inf", 0.0]'
    assert json.loads(json.dumps(behavior(answer), allow_nan=False)) == behavior(answer)


def test_an_error_is_recorded_by_its_kind_here_and_in_a_sandbox() -> None:
    def here(*args: Tensor) -> None:
        raise KeyError("q")

    def there(*args: Tensor) -> None:
        raise student_error("KeyError", ["KeyError"], "q", "")

    assert behavior(here)[0]["error"] == "KeyError"
    assert behavior(there) == behavior(here)
    assert "raised KeyError: q" in diagnose(WEIGHTS, there).counterexample


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {"type": "NoneType", "is": None}),
        (True, {"type": "bool", "is": True}),
        (2**80, {"type": "int", "is": "a very large integer"}),
        (float("nan"), {"type": "float", "is": "nan"}),
        ("a\x1b[31m", {"type": "str", "is": "a\\x1b[31m"}),
        ({1: 2}, {"type": "dict"}),
        (object(), {"type": "object"}),
        ((1, [2]), None),
    ],
)
def test_a_result_of_any_kind_is_plain_data(value: object, expected: dict[str, Any] | None) -> None:
    found = first_value(lambda *args: value)
    assert expected is None or found == expected
    json.dumps(found, allow_nan=False)


def test_booleans_integers_and_complex_numbers_are_recorded() -> None:
    assert first_value(lambda *args: torch.tensor([True, False]))["numbers"] == [1, 0]
    assert first_value(lambda *args: torch.tensor(7))["numbers"] == [7]
    assert first_value(lambda *args: torch.tensor([1 + 2j]))["numbers"] == [1.0, 2.0]


def nested(depth: int) -> list[Any]:
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(10**6),
        torch.ones(1).expand(10**9, 10**3),  # nobody has the memory for a copy
        torch.ones(3, 1, 1).expand(3, 10**6, 10**6),
        [torch.ones(10_000)] * 1000,
        [0.25] * 100_000,
        "x" * 10**6,
        nested(300),
    ],
    ids=["long", "expanded", "wide", "many", "list", "text", "deep"],
)
def test_a_result_of_any_size_is_recorded_small(value: object) -> None:
    size = len(json.dumps(behavior(lambda *args: value)))
    assert size < 40_000


def test_a_deep_result_is_recorded_flat() -> None:
    for record in behavior(lambda *args: nested(300)):
        assert json.dumps(record).count("items") <= 6


def test_a_right_result_and_one_beside_it_are_recorded_whole() -> None:
    attention = MODELS["scaled_dot_product_attention"]
    both = attention.faulty(["the weights are returned as well"])
    for record in behavior(both, attention):
        for item in [*record["value"]["items"], *record.get("gradients", [])]:
            assert len(item["numbers"]) == torch.Size(item["shape"]).numel()


def test_another_input_has_another_digest() -> None:
    probe = WEIGHTS.probes[2]
    query = probe.arguments["query"]
    assert isinstance(query, Tensor)
    others = [
        replace(probe, gradients=True),
        replace(probe, arguments={**probe.arguments, "query": query + 1}),
        replace(probe, arguments={**probe.arguments, "query": query.double()}),
        replace(probe, arguments={**probe.arguments, "query": query[:, :, None]}),
        replace(probe, arguments={"query": query, "key": probe.arguments["key"]}),
        replace(
            probe, arguments={("k" if n == "key" else n): v for n, v in probe.arguments.items()}
        ),
        replace(probe, arguments={**probe.arguments, "dropout": 0.5}),
    ]
    digests = {inputs_digest(each) for each in [probe, *others]}
    assert len(digests) == 1 + len(others)
    assert inputs_digest(replace(probe, name="another name")) == inputs_digest(probe)


def squashed(equivalent: Answer) -> Answer:
    """Return an answer that is wrong in a way no fault is, computed in its own order."""
    return lambda query, key, *mask: equivalent(query * 0.55, key, *mask)


def test_answers_that_do_the_same_up_to_rounding_share_a_cluster() -> None:
    found = [diagnose(WEIGHTS, squashed(each)) for each in WEIGHTS.equivalents]
    assert len({json.dumps(diagnosis.behavior) for diagnosis in found}) > 1
    assert len({diagnosis.cluster for diagnosis in found}) == 1
    assert all(same_behavior(found[0].behavior, each.behavior) for each in found)


def test_other_numbers_shapes_kinds_errors_changes_and_gradients_are_other_clusters() -> None:
    wrong = squashed(WEIGHTS.faulty())

    def changes(query: Tensor, key: Tensor, *mask: Tensor) -> Tensor:
        result: Tensor = wrong(query, key, *mask)
        key.data.mul_(2)
        return result

    def raises(*args: Tensor) -> None:
        raise ValueError

    answers = [
        wrong,
        changes,
        raises,
        lambda *args: wrong(*args) + 0.02,
        lambda *args: wrong(*args).double(),
        lambda *args: wrong(*args)[None],
        lambda *args: wrong(*args).detach(),
        lambda *args: [wrong(*args)],
        lambda *args: (wrong(*args),),
    ]
    found = [diagnose(WEIGHTS, answer) for answer in answers]
    assert len({diagnosis.cluster for diagnosis in found}) == len(answers)
    for index, diagnosis in enumerate(found):
        same = [same_behavior(each.behavior, diagnosis.behavior) for each in found]
        assert same == [each == index for each in range(len(answers))]


def test_numbers_that_answers_often_hold_are_far_from_a_border() -> None:
    often = [n / d for d in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) for n in range(1, d + 1)]
    often += [2**0.5, 2**-0.5, 3**0.5, 3**-0.5, 1e-2, 1e-3, 20.0, 100.0, 1e4, 1e9]
    for dtype, rounding in ((torch.float32, 1e-5), (torch.bfloat16, 0.01)):
        for number in often:
            numbers = [number * (1 + off) for off in (-rounding, 0, rounding)]
            clusters = {
                cluster_of("", [{"value": {"type": str(dtype)[6:], "numbers": [each]}}])
                for each in numbers
            }
            assert len(clusters) == 1, (dtype, number)


def test_a_named_answer_has_no_cluster() -> None:
    named = diagnose(WEIGHTS, WEIGHTS.faulty(["scores are not scaled"]))
    assert (named.cluster, named.behavior) == ("", [])


def test_a_behavior_that_was_written_and_read_is_the_same() -> None:
    found = diagnose(WEIGHTS, squashed(WEIGHTS.equivalents[0]))
    read = json.loads(json.dumps(found.behavior))
    assert same_behavior(read, found.behavior)
    assert cluster_of(WEIGHTS.exercise, read) == found.cluster
    assert not same_behavior(read[:-1], found.behavior)


@pytest.mark.parametrize(
    ("kind", "first", "second", "same"),
    [
        ("float32", 1000.0, 1000.9, True),
        ("float32", 1000.0, 1002.0, False),
        ("float32", 0.0, 9e-6, True),
        ("float64", 0.0, 9e-6, False),
        ("float64", 1000.0, 1000.9, False),
        ("float16", 1.0, 1.01, True),
        ("bfloat16", 1.0, 1.05, True),
        ("complex64", 1000.0, 1000.9, True),
        ("float32", "nan", "nan", True),
        ("float32", "nan", 0.0, False),
        ("float32", "inf", "-inf", False),
        ("int64", 1000, 1001, False),
    ],
)
def test_numbers_are_the_same_up_to_the_tolerance_of_their_kind(
    kind: str, first: object, second: object, same: bool
) -> None:
    one, other = ([{"value": {"type": kind, "numbers": [each]}}] for each in (first, second))
    assert same_behavior(one, other) is same
    assert same_behavior(other, one) is same
