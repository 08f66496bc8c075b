"""Checks of the sheet `attention`.

Each check compares values as well as the property in its name, so that nothing is
earned by an answer that has the right shape alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from attnbook.attention import attention_weights, scaled_dot_product_attention
from attnbook.masks import causal_mask, padding_mask
from autograder.checks.compare import same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import copies, right_and_left_alone, same_gradients
from autograder.checks.marks import check

Functions = Any  # offers the exercises as attributes

REFERENCE = {
    "attention_weights": attention_weights,
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "causal_mask": causal_mask,
    "padding_mask": padding_mask,
}

# ---------------------------------------------------------------- attention_weights


@check("attention_weights", points=1)
def test_each_query_weighs_the_keys_by_their_scaled_scores(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, heads, queries, keys, d_head = draw.sizes(5)
    query = draw.normal(batch, heads, queries, d_head)
    key = draw.normal(batch, heads, keys, d_head)
    same_weights(student, reference, query, key)
    same_weights(student, reference, query[0, 0].double(), key[0, 0].double())


@check("attention_weights", points=1)
def test_a_hidden_key_gets_no_weight_and_the_others_share_it(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, heads, queries, keys, d_head = draw.sizes(5)
    query = draw.normal(batch, heads, queries, d_head)
    key = draw.normal(batch, heads, keys, d_head)
    same_weights(student, reference, query, key, draw.mask(batch, 1, queries, keys))
    same_weights(student, reference, *tempting_hidden_key(draw))


@check("attention_weights", points=0.5)
def test_a_query_that_sees_nothing_attends_to_nothing(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, mask = with_an_empty_row(draw)
    same_weights(student, reference, query, key, mask)
    query, key, mask = with_an_empty_row(draw)
    same_gradients(student.attention_weights, reference.attention_weights, [query, key], mask)


@check("attention_weights", points=0.25)
def test_extreme_scores_and_half_precision_work(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for sign in (1, -1):
        same_weights(student, reference, *extreme_scores(draw, sign))
    for dtype in (torch.float16, torch.bfloat16):
        query, key, mask = with_an_empty_row(draw)
        same_weights(student, reference, query.to(dtype), key.to(dtype), mask)


@check("attention_weights", points=0.25)
def test_the_weights_are_right_and_the_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, mask = with_an_empty_row(draw)
    theirs, ours = student.attention_weights, reference.attention_weights
    given = {"query": query, "key": key, "mask": mask}
    right_and_left_alone(theirs, ours, given, what="the weights")


# ---------------------------------------------------------------- scaled_dot_product_attention


@check("scaled_dot_product_attention", points=1)
def test_each_output_is_the_weighted_mean_of_the_values(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, queries, keys, d_head, d_value = draw.sizes(5)
    query, key = draw.normal(batch, queries, d_head), draw.normal(batch, keys, d_head)
    value = draw.normal(batch, keys, d_value)
    same_output(student, reference, query, key, value)
    same_output(student, reference, query[0].double(), key[0].double(), value[0].double())


@check("scaled_dot_product_attention", points=0.75)
def test_a_hidden_key_contributes_nothing(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, mask = tempting_hidden_key(draw)
    value = draw.normal(key.shape[-2], 3)
    same_output(student, reference, query, key, value, mask)
    batch, heads, queries, keys, d_head = draw.sizes(5)
    query = draw.normal(batch, heads, queries, d_head)
    key, value = draw.normal(batch, heads, keys, d_head), draw.normal(batch, heads, keys, 13)
    same_output(student, reference, query, key, value, draw.mask(batch, 1, queries, keys))


@check("scaled_dot_product_attention", points=0.5)
def test_a_query_that_sees_nothing_gets_a_zero_output(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, mask = with_an_empty_row(draw)
    value = draw.normal(*key.shape[:-1], 13)
    same_output(student, reference, query, key, value, mask)


@check("scaled_dot_product_attention", points=0.25)
def test_gradients_reach_query_key_and_value(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, mask = with_an_empty_row(draw)
    inputs = [query, key, draw.normal(*key.shape[:-1], 13)]
    ours = reference.scaled_dot_product_attention
    same_gradients(student.scaled_dot_product_attention, ours, inputs)
    same_gradients(student.scaled_dot_product_attention, ours, inputs, mask)


@check("scaled_dot_product_attention", points=0.25)
def test_outputs_of_extreme_scores_and_in_half_precision_are_right(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for sign in (1, -1):
        query, key, mask = extreme_scores(draw, sign)
        same_output(student, reference, query, key, draw.normal(key.shape[-2], 3), mask)
    for dtype in (torch.float16, torch.bfloat16):
        query, key, mask = with_an_empty_row(draw)
        value = draw.normal(*key.shape[:-1], 13, dtype=dtype)
        same_output(student, reference, query.to(dtype), key.to(dtype), value, mask)


@check("scaled_dot_product_attention", points=0.25)
def test_the_output_is_right_and_the_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, mask = with_an_empty_row(draw)
    value = draw.normal(*key.shape[:-1], 13)
    theirs = student.scaled_dot_product_attention
    ours = reference.scaled_dot_product_attention
    given = {"query": query, "key": key, "value": value, "mask": mask}
    right_and_left_alone(theirs, ours, given, what="the output")


# ---------------------------------------------------------------- causal_mask


@check("causal_mask", points=1)
def test_a_query_sees_its_own_position_and_no_later_one(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for length in draw.sizes(3):
        visible(student.causal_mask(length), reference.causal_mask(length))


@check("causal_mask", points=1)
def test_the_last_query_stands_at_the_last_key(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for few, more in zip(draw.sizes(3), draw.integers(1, 6, 3).tolist(), strict=True):
        visible(student.causal_mask(few, few + more), reference.causal_mask(few, few + more))


@check("causal_mask", points=1)
def test_every_element_is_the_right_boolean(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    (length,) = draw.sizes(1)
    same_tensor(student.causal_mask(length), reference.causal_mask(length), what="the mask")


# ---------------------------------------------------------------- padding_mask


@check("padding_mask", points=1)
def test_tokens_are_visible_and_padding_is_hidden(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    lengths, num_keys = padded(draw)
    expected = reference.padding_mask(lengths, num_keys)
    mask = student.padding_mask(lengths, num_keys)
    if isinstance(mask, Tensor) and mask.numel() == expected.numel():
        mask = mask.reshape(expected.shape)  # its axes are another check's business
    visible(mask, expected)


@check("padding_mask", points=1)
def test_the_mask_broadcasts_over_heads_and_queries(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    lengths, num_keys = padded(draw)
    expected = reference.padding_mask(lengths, num_keys)
    visible(student.padding_mask(lengths, num_keys), expected)


@check("padding_mask", points=1)
def test_each_element_is_the_right_boolean(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    lengths, num_keys = padded(draw)
    expected = reference.padding_mask(lengths, num_keys)
    same_tensor(student.padding_mask(lengths, num_keys), expected, what="the mask")


# ---------------------------------------------------------------- inputs


def tempting_hidden_key(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    """Return query, key and mask where the hidden key has by far the highest score."""
    query, key = draw.normal(5, 3).abs() + 1, draw.normal(7, 3)
    key[3] = 20.0
    mask = draw.mask(5, 7)
    mask[:, 3], mask[:, 6] = False, True
    return query, key, mask


def with_an_empty_row(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    """Return query, key and mask where one query of each sequence sees nothing."""
    query, key = draw.normal(2, 3, 5, 11), draw.normal(2, 3, 7, 11)
    mask = draw.mask(2, 1, 5, 7)
    mask[:, :, int(draw.integers(0, 5, 1))] = False
    return query, key, mask


def extreme_scores(draw: Draw, sign: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return query, key and mask with scores of ±30,000 and more, all of them whole numbers.

    float32 holds these numbers exactly, so rounding cannot be blamed. A hidden key
    has the score that is nearest to 0.
    """
    query, key = draw.integers(-2, 3, 5, 4).float(), draw.integers(-2, 3, 7, 4).float()
    query[:, 0], key[:, 0], key[3] = sign * 300.0, 200.0, 0.0
    mask = draw.mask(5, 7)
    mask[:, 3], mask[:, 6] = False, True
    return query, key, mask


def padded(draw: Draw) -> tuple[Tensor, int]:
    """Return lengths, with an empty and a full sequence among them, and what they are padded to."""
    num_keys = int(draw.integers(5, 12, 1))
    drawn = draw.integers(1, num_keys, 3).tolist()
    return torch.tensor([drawn[0], 0, num_keys, *drawn[1:]]), num_keys


# ---------------------------------------------------------------- comparisons


def same_weights(
    student: Functions, reference: Functions, query: Tensor, key: Tensor, mask: Tensor | None = None
) -> None:
    """Demand that the student's weights are the reference's, worked out in float64."""
    exact = reference.attention_weights(query.double(), key.double(), mask).to(query.dtype)
    masks = [] if mask is None else [mask]
    same_tensor(student.attention_weights(*copies(query, key, *masks)), exact, what="the weights")


def same_output(
    student: Functions,
    reference: Functions,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
) -> None:
    """Demand that the student's output is the reference's, worked out in float64."""
    inputs = (query, key, value)
    exact = reference.scaled_dot_product_attention(*(each.double() for each in inputs), mask)
    masks = [] if mask is None else [mask]
    output = student.scaled_dot_product_attention(*copies(*inputs, *masks))
    same_tensor(output, exact.to(query.dtype), what="the output")


def visible(mask: object, expected: Tensor) -> None:
    """Demand that the same elements are visible; the dtype is another check's business."""
    if isinstance(mask, Tensor) and bool(((mask == 0) | (mask == 1)).all()):
        mask = mask != 0
    same_tensor(mask, expected, what="the mask")
