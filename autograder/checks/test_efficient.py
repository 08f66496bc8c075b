"""Checks of the sheet `efficient`.

A check's name is the sentence that a learner reads. Each compares values, on inputs drawn
from the run's seed; what is compared with is worked out before the learner's function is called.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from attnbook import caching, costs, local, multihead, tiled, windows
from autograder.checks.compare import demand, same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import copies, refused, right_and_left_alone, same_gradients
from autograder.checks.marks import check

Functions = Any  # offers the exercises as attributes

REFERENCE = {
    "attention_flops": costs.attention_flops,
    "online_softmax": tiled.online_softmax,
    "tiled_attention": tiled.tiled_attention,
    "sliding_window_mask": windows.sliding_window_mask,
    "local_attention": local.local_attention,
    "attend_with_cache": caching.attend_with_cache,
    "grouped_query_attention": multihead.grouped_query_attention,
}


# ---------------------------------------------------------------- attention_flops


@check("attention_flops", points=1.5)
def test_each_pair_of_query_and_key_costs_its_two_products(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(3):
        queries, keys, d_head = draw.sizes(3)
        same_count(student, reference, queries, keys, d_head)


@check("attention_flops", points=0.5)
def test_every_head_costs_as_much_as_the_first(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    queries, keys, d_head, heads = draw.sizes(4)
    same_count(student, reference, queries, keys, d_head, heads)
    same_count(student, reference, 128, 256, 64, heads)


@check("attention_flops", points=1)
def test_a_causal_mask_leaves_the_pairs_that_it_lets_through(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    few, more, d_head, heads = draw.sizes(4)
    for queries, keys in ((more, more), (few, few + more), (few + more, few), (1, more)):
        same_count(student, reference, queries, keys, d_head, heads, True)


# ---------------------------------------------------------------- online_softmax


@check("online_softmax", points=1.5)
def test_blocks_of_any_size_give_the_softmax(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, rows, keys = draw.sizes(3)
    scores = 3 * draw.normal(batch, rows, keys + 3)
    for block_size in (2, keys + 2, keys + 13):
        same_softmax(student, reference, scores, block_size)
    for block_size in (1, 3):
        same_softmax(student, reference, scores[0, 0].double(), block_size)
    same_softmax(student, reference, scores[0].sort(dim=-1).values, 3)


@check("online_softmax", points=0.75)
def test_scores_of_a_thousand_work_and_so_do_rows_far_apart(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    scores = draw.integers(-3, 4, 5, 11).float()
    scores += torch.tensor([[1000.0], [-1000.0], [0.0], [-400.0], [300.0]])
    scores[2, int(draw.integers(0, 3, 1))] = 1000.0
    scores[4, int(draw.integers(8, 11, 1))] = 1000.0
    for block_size in (2, 3):
        same_softmax(student, reference, scores, block_size)


@check("online_softmax", points=0.5)
def test_a_block_of_minus_infinity_adds_nothing_and_a_row_of_it_gets_zeros(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for block_size in (1, 2, 3):
        same_softmax(student, reference, with_hidden_blocks(draw), block_size)


@check("online_softmax", points=0.5)
def test_gradients_of_the_softmax_are_right_and_finite(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    ours, theirs = reference.online_softmax, student.online_softmax
    for scores in (draw.normal(3, 7), with_hidden_blocks(draw)):
        same_gradients(theirs, ours, [scores], 3)


@check("online_softmax", points=0.25)
def test_half_precision_stays_half_precision(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float16, torch.bfloat16):
        same_softmax(student, reference, draw.normal(3, 11, dtype=dtype), 4)


@check("online_softmax", points=0.5)
def test_scores_stay_as_they_were_and_a_block_of_nothing_is_refused_by_name(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    scores = draw.normal(3, 7)
    ours, theirs = reference.online_softmax, student.online_softmax
    right_and_left_alone(theirs, ours, {"scores": scores}, 3, what="the weights")
    for size in (0, -2):
        refused(lambda size=size: theirs(scores.clone(), size), block_size=size)  # type: ignore[misc]


# ---------------------------------------------------------------- tiled_attention


@check("tiled_attention", points=1.5)
def test_tiles_of_any_size_give_exact_attention(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    heads, d_head, d_value = draw.sizes(3)
    inputs = tiles_of(draw, (2, heads), 5 + int(draw.integers(0, 3, 1)), 8, d_head, d_value)
    for block_size in (3, 19):
        same_tiles(student, reference, inputs, block_size)
    small = [each[0, 0, :5].double() for each in inputs]
    same_tiles(student, reference, small, 2)
    same_tiles(student, reference, [each[:3] for each in small], 1)


@check("tiled_attention", points=1)
def test_a_causal_query_sees_its_own_position_and_earlier_ones(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    d_head, d_value = draw.sizes(2)
    few, more = 3, int(draw.integers(3, 6, 1))
    for queries, keys, block_size in ((7, 7, 3), (few, few + more, 2), (few + more, few, 2)):
        inputs = tiles_of(draw, (2,), queries, keys, d_head, d_value)
        same_tiles(student, reference, inputs, block_size, True)


@check("tiled_attention", points=0.75)
def test_each_tile_reads_its_part_of_the_mask_and_a_query_that_sees_nothing_gets_zeros(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = tiles_of(draw, (2, 3), 7, 11, 5, 13)
    mask = with_hidden_tiles(draw, 2, 1, 7, 11)
    for causal, block_size in ((False, 4), (True, 3)):
        same_tiles(student, reference, inputs, block_size, causal, mask)
    same_tiles(student, reference, inputs, 4, False, draw.mask(2, 1, 1, 11))


@check("tiled_attention", points=0.5)
def test_scores_of_a_thousand_and_half_precision_work(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key = draw.integers(-2, 3, 5, 4).float(), draw.integers(-2, 3, 9, 4).float()
    order = torch.arange(-4, 5)
    for columns in (order, order * 0 - 5):
        # Scores rise for two queries and fall for two, or are far below zero. They are whole
        # numbers, so float32 holds them exactly.
        query[:, 0] = torch.tensor([40.0, -40.0, 40.0, -40.0, 0.0])
        key[:, 0] = 10.0 * columns
        same_tiles(student, reference, [query, key, draw.normal(9, 3)], 3)
    for dtype in (torch.float16, torch.bfloat16):
        inputs = [each.to(dtype) for each in tiles_of(draw, (2,), 5, 7, 3, 3)]
        same_tiles(student, reference, inputs, 3)


@check("tiled_attention", points=0.75)
def test_gradients_reach_query_key_and_value_through_the_tiles(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    ours, theirs = reference.tiled_attention, student.tiled_attention
    inputs = tiles_of(draw, (2,), 5, 7, 3, 2)
    same_gradients(theirs, ours, inputs, 3)
    same_gradients(theirs, ours, inputs, 3, True, with_hidden_tiles(draw, 5, 7))


@check("tiled_attention", points=0.5)
def test_inputs_of_the_tiles_stay_as_they_were_and_tiles_of_nothing_are_refused_by_name(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    given = dict(zip(("query", "key", "value"), tiles_of(draw, (2,), 5, 7, 3, 2), strict=True))
    ours, theirs = reference.tiled_attention, student.tiled_attention
    right_and_left_alone(theirs, ours, given, 3, what="the output")
    inputs = [each.clone() for each in given.values()]
    for size in (0, -2):
        refused(lambda size=size: theirs(*copies(*inputs), size), block_size=size)  # type: ignore[misc]


# ---------------------------------------------------------------- inputs


def with_hidden_blocks(draw: Draw) -> Tensor:
    """Return scores of -inf: the first ones, the last ones, some, none, and all of a row."""
    scores = draw.normal(5, 8)
    scores[0, :6], scores[1, 2:], scores[3] = -torch.inf, -torch.inf, -torch.inf
    return scores.masked_fill(~draw.mask(5, 8) & (torch.arange(5) == 2)[:, None], -torch.inf)


def tiles_of(
    draw: Draw, leading: tuple[int, ...], queries: int, keys: int, d_head: int, d_value: int
) -> list[Tensor]:
    """Return a query, a key and a value."""
    shapes = ((queries, d_head), (keys, d_head), (keys, d_value))
    return [draw.normal(*leading, *shape) for shape in shapes]


def with_hidden_tiles(draw: Draw, *shape: int) -> Tensor:
    """Return a mask that hides the first keys from two queries, and all keys from one."""
    mask = draw.mask(*shape)
    mask[..., 4, :5], mask[..., 3, :4] = False, False
    mask[..., 3:5, 5] = True
    mask[..., int(draw.integers(0, 3, 1)), :] = False
    return mask


# ---------------------------------------------------------------- comparisons


def same_count(student: Functions, reference: Functions, *sizes: int) -> None:
    """Demand that the student counts as many FLOPs as the reference, as a whole number."""
    found, expected = student.attention_flops(*sizes), reference.attention_flops(*sizes)
    names = ("num_queries", "num_keys", "d_head", "num_heads", "causal")
    case = ", ".join(f"{name}={size}" for name, size in zip(names, sizes, strict=False))
    kind = type(found).__name__
    demand(type(found) is int, f"the FLOPs must be an int, got a value of type {kind}")
    demand(found == expected, f"with {case} there are {expected} FLOPs, got {found}")


def same_softmax(student: Functions, reference: Functions, scores: Tensor, block_size: int) -> None:
    """Demand that the student's weights are the reference's, worked out in float64."""
    exact = reference.online_softmax(scores.double(), block_size).to(scores.dtype)
    weights = student.online_softmax(scores.clone(), block_size)
    same_tensor(weights, exact, what=f"the weights with block_size={block_size}")


def same_tiles(
    student: Functions,
    reference: Functions,
    inputs: list[Tensor],
    block_size: int,
    causal: bool = False,
    mask: Tensor | None = None,
) -> None:
    """Demand that the student's output is the reference's, worked out in float64."""
    wide = [each.double() for each in inputs]
    exact = reference.tiled_attention(*wide, block_size, causal, mask).to(inputs[0].dtype)
    masks = [] if mask is None else [mask]
    output = student.tiled_attention(*copies(*inputs), block_size, causal, *copies(*masks))
    same_tensor(output, exact, what=f"the output with block_size={block_size}")


@check("sliding_window_mask", points=3)
def test_fill_in_what_must_hold_of_sliding_window_mask_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.sliding_window_mask(x)
    same_tensor(student.sliding_window_mask(x.clone()), expected, what="the result")


@check("local_attention", points=3)
def test_fill_in_what_must_hold_of_local_attention_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.local_attention(x)
    same_tensor(student.local_attention(x.clone()), expected, what="the result")


@check("attend_with_cache", points=3)
def test_fill_in_what_must_hold_of_attend_with_cache_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.attend_with_cache(x)
    same_tensor(student.attend_with_cache(x.clone()), expected, what="the result")


@check("grouped_query_attention", points=3)
def test_fill_in_what_must_hold_of_grouped_query_attention_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.grouped_query_attention(x)
    same_tensor(student.grouped_query_attention(x.clone()), expected, what="the result")
