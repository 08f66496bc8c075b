"""Ways to earn points without a right answer: each was tried on the checks, and earns none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.faults import fault_models
from autograder.selfcheck import assess_answers

MODELS = fault_models("attention")
Answer = Callable[..., Any]


def scores(**answers: Answer) -> dict[str, float]:
    return {result.name: result.score for result in assess_answers(answers, list(answers))}


def empties_the_lengths(lengths: Tensor, num_keys: int) -> Tensor:
    lengths.zero_()
    return torch.zeros(len(lengths), 1, 1, num_keys, dtype=torch.bool)


def not_a_number_where_visible(lengths: Tensor, num_keys: int) -> Tensor:
    right: Tensor = MODELS["padding_mask"].faulty()(lengths, num_keys)
    return torch.zeros(right.shape).masked_fill(right, torch.nan)


@pytest.mark.parametrize("answer", [empties_the_lengths, not_a_number_where_visible])
def test_a_mask_that_spoils_the_comparison_earns_nothing(answer: Answer) -> None:
    assert scores(padding_mask=answer) == {"padding_mask": 0}


def test_opening_the_mask_for_the_reference_hides_no_mistake() -> None:
    def opens_the_mask(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
        faulty = MODELS["attention_weights"].faulty(["adding -inf makes the gradient NaN"])
        weights: Tensor = faulty(query, key, mask if mask is None else mask.clone())
        if mask is not None and query.requires_grad:
            mask.fill_(True)
        return weights

    assert scores(attention_weights=opens_the_mask)["attention_weights"] < 3


def test_spoiling_every_input_does_not_make_nan_count_as_right() -> None:
    def spoils(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
        shape = (*query.shape[:-1], key.shape[-2])
        with torch.no_grad():
            query.fill_(torch.nan)
            key.fill_(torch.nan)
        return torch.full(shape, torch.nan, dtype=query.dtype)

    assert scores(attention_weights=spoils) == {"attention_weights": 0}


def zeros_that_touch_all(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Tensor:
    return (query.sum(-1, keepdim=True) + key.sum() + value.sum((-2), keepdim=True)) * 0


def test_nothing_follows_from_weights_that_are_zero() -> None:
    def zeros(query: Tensor, key: Tensor, mask: Any = None) -> Tensor:
        return (query @ key.mT) * 0

    earned = scores(attention_weights=zeros, scaled_dot_product_attention=zeros_that_touch_all)
    assert earned == {"attention_weights": 0, "scaled_dot_product_attention": 0}


def test_nothing_follows_from_weights_that_change_when_they_are_built_on() -> None:
    asked = []

    def weights(query: Tensor, key: Tensor, mask: Any = None) -> Tensor:
        right: Tensor = MODELS["attention_weights"].faulty()(query, key, mask)
        return right * 0 if asked else right

    def attention(query: Tensor, key: Tensor, value: Tensor, mask: Any = None) -> Tensor:
        asked.append(True)
        return zeros_that_touch_all(query, key, value)

    earned = scores(attention_weights=weights, scaled_dot_product_attention=attention)
    assert earned["scaled_dot_product_attention"] == 0
