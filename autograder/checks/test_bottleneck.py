"""Checks of the sheet `bottleneck`.

Each check compares values as well as the property in its name, so that nothing is
earned by an answer that has the right shape alone.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from attnbook.weighting import additive_scores, kernel_attention, softmax
from autograder.checks.compare import same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import copies, left_alone, right_and_left_alone, same_gradients
from autograder.checks.marks import check

Functions = Any  # offers the exercises as attributes

REFERENCE = {
    "softmax": softmax,
    "kernel_attention": kernel_attention,
    "additive_scores": additive_scores,
}

# ---------------------------------------------------------------- softmax


@check("softmax", points=1)
def test_the_weights_are_positive_and_sum_to_one_along_the_axis(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    scores = draw.normal(*draw.sizes(3))
    for dim in (0, 1, 2, -2, -1):
        same_softmax(student, reference, scores, dim)
    same_softmax(student, reference, draw.normal(*draw.sizes(2), dtype=torch.float64), 0)


@check("softmax", points=0.75)
def test_scores_of_thousands_and_rows_far_apart_do_no_harm(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    rows, length = draw.sizes(2)
    for level in (2000, -2000):
        same_softmax(student, reference, draw.normal(rows, length) + level, -1)
    levels = torch.linspace(-4000, 4000, rows)[:, None]
    same_softmax(student, reference, draw.normal(rows, length) + levels, 1)
    one_stands_out = draw.normal(5, 7)
    one_stands_out[:, int(draw.integers(0, 7, 1))] += 1000
    same_softmax(student, reference, one_stands_out, -1)


@check("softmax", points=0.5)
def test_a_score_of_minus_infinity_gets_nothing_and_so_does_a_slice_of_them(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    same_softmax(student, reference, with_an_empty_slice(draw), -1)
    same_softmax(student, reference, with_an_empty_slice(draw).transpose(0, 1), 0)


@check("softmax", points=0.25)
def test_gradients_are_right_and_finite(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for scores in (draw.normal(5, 7), with_an_empty_slice(draw)):
        same_gradients(student.softmax, reference.softmax, [scores], -1)


@check("softmax", points=0.25)
def test_every_dtype_comes_back_as_it_went_in(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        same_softmax(student, reference, with_an_empty_slice(draw).to(dtype), -1)


@check("softmax", points=0.25)
def test_the_weights_are_right_and_the_scores_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    scores = with_an_empty_slice(draw)
    right_and_left_alone(
        student.softmax, reference.softmax, {"scores": scores}, -1, what="the weights"
    )


# ---------------------------------------------------------------- kernel_attention


@check("kernel_attention", points=1.25)
def test_each_query_gets_the_mean_of_the_values_at_near_keys(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    queries, keys, d, d_value = draw.sizes(4)
    query, key, value = draw.normal(queries, d), draw.normal(keys, d), draw.normal(keys, d_value)
    for temperature in (0.3, 5.0, 40.0):
        same_mean(student, reference, query, key, value, temperature)
    same_mean(student, reference, query.double(), key.double(), value.double(), 3.0)


@check("kernel_attention", points=0.75)
def test_a_batch_of_heads_works_like_a_single_matrix(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, heads, queries, keys, d = draw.sizes(5)
    query, key = draw.normal(batch, heads, queries, d), draw.normal(batch, heads, keys, d)
    value = draw.normal(batch, heads, keys, 4)
    same_mean(student, reference, query, key, value, 4.0)
    same_mean(student, reference, query[0], key[0], value[0], 4.0)


@check("kernel_attention", points=0.5)
def test_a_query_far_from_every_key_still_gets_a_mean(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    queries, keys, d = draw.sizes(3)
    # Whole numbers: float32 holds them exactly, so rounding cannot be blamed.
    query = draw.integers(-3, 4, queries, d).float() + 30
    key = draw.integers(-3, 4, keys, d).float()
    same_mean(student, reference, query, key, draw.normal(keys, 2) + 3, 2.0)


@check("kernel_attention", points=0.25)
def test_gradients_reach_query_keys_and_values(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = [draw.normal(5, 3), draw.normal(7, 3), draw.normal(7, 2)]
    same_gradients(student.kernel_attention, reference.kernel_attention, inputs, 4.0)


@check("kernel_attention", points=0.25)
def test_means_in_half_precision_are_right_and_the_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float16, torch.bfloat16):
        query, keys = 0.5 * draw.normal(5, 3), 0.5 * draw.normal(7, 3)
        given = query.to(dtype), keys.to(dtype), draw.normal(7, 2, dtype=dtype)
        before = copies(*given)
        exact = reference.kernel_attention(*(each.double() for each in given), 4.0)
        result = student.kernel_attention(*given, 4.0)
        same_tensor(result, exact.to(dtype), what="the mean")
        left_alone(("query", "keys", "values"), given, before)


# ---------------------------------------------------------------- additive_scores


@check("additive_scores", points=1.25)
def test_each_score_is_v_times_the_tanh_of_both_projections(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    queries, keys, d, h = draw.sizes(4)
    query, key = draw.normal(queries, d), draw.normal(keys, d)
    same_scores(student, reference, query, key, *learned(draw, d, h))
    same_scores(student, reference, query, key, *learned(draw, d, d))
    inputs = query, key, *learned(draw, d, h)
    same_scores(student, reference, *(each.double() for each in inputs))


@check("additive_scores", points=0.75)
def test_scores_of_a_batch_of_heads_are_those_of_single_matrices(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, heads, queries, keys, d = draw.sizes(5)
    query, key = draw.normal(batch, heads, queries, d), draw.normal(batch, heads, keys, d)
    weights = learned(draw, d, 6)
    same_scores(student, reference, query, key, *weights)
    same_scores(student, reference, query[0], key[0], *weights)


@check("additive_scores", points=0.5)
def test_large_states_saturate_the_hidden_layer(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    queries, keys, d, h = draw.sizes(4)
    query, key = 100 * draw.normal(queries, d), 100 * draw.normal(keys, d)
    same_scores(student, reference, query, key, *learned(draw, d, h))


@check("additive_scores", points=0.25)
def test_gradients_reach_query_keys_maps_and_v(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = [draw.normal(5, 3), draw.normal(7, 3), *learned(draw, 3, 4)]
    same_gradients(student.additive_scores, reference.additive_scores, inputs)


@check("additive_scores", points=0.25)
def test_scores_in_half_precision_are_right_and_the_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float16, torch.bfloat16):
        inputs = [0.5 * draw.normal(5, 3), 0.5 * draw.normal(7, 3), *learned(draw, 3, 4)]
        given = [each.to(dtype) for each in inputs]
        before = copies(*given)
        exact = reference.additive_scores(*(each.double() for each in given))
        result = student.additive_scores(*given)
        same_tensor(result, exact.to(dtype), what="the scores")
        left_alone(("query", "keys", "w_query", "w_key", "v"), given, before)


# ---------------------------------------------------------------- inputs


def with_an_empty_slice(draw: Draw) -> Tensor:
    """Return scores of shape (5, 7), some of them -inf, and one row nothing but that."""
    scores = draw.normal(5, 7).masked_fill(~draw.mask(5, 7), -math.inf)
    scores[int(draw.integers(0, 5, 1))] = -math.inf
    return scores


def learned(draw: Draw, d: int, h: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return two maps of shape (d, h) and a v of shape (h,)."""
    w_query, w_key = draw.normal(2, d, h) / math.sqrt(d)
    return w_query, w_key, draw.normal(h)


# ---------------------------------------------------------------- comparisons


def same_softmax(student: Functions, reference: Functions, scores: Tensor, dim: int) -> None:
    """Demand that the student's weights are the reference's, worked out in float64."""
    exact = reference.softmax(scores.double(), dim).to(scores.dtype)
    same_tensor(student.softmax(scores.clone(), dim), exact, what="the weights")


def same_mean(
    student: Functions,
    reference: Functions,
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    temperature: float,
) -> None:
    """Demand that the student's means are the reference's, worked out in float64."""
    inputs = (query, keys, values)
    exact = reference.kernel_attention(*(each.double() for each in inputs), temperature)
    means = student.kernel_attention(*copies(*inputs), temperature)
    same_tensor(means, exact.to(query.dtype), what="the mean")


def same_scores(student: Functions, reference: Functions, *inputs: Tensor) -> None:
    """Demand that the student's scores are the reference's, worked out in float64."""
    exact = reference.additive_scores(*(each.double() for each in inputs))
    scores = student.additive_scores(*copies(*inputs))
    same_tensor(scores, exact.to(inputs[0].dtype), what="the scores")
