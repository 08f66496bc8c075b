"""Checks of the sheet `efficient`.

A check's name is the sentence that a learner reads. Each compares values, on inputs drawn
from the run's seed; what is compared with is worked out before the learner's function is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from attnbook import caching, costs, local, multihead, tiled, windows
from autograder.checks.compare import Mismatch, demand, same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import (
    copies,
    left_alone,
    refused,
    right_and_left_alone,
    same_gradients,
)
from autograder.checks.marks import check

Functions = Any  # offers the exercises as attributes
AT_LEAST_1 = "a window holds at least one key"
NO_LONGER = "a window is no longer than the sequence"

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
    mask_left_alone(draw.mask(2, 5, 7), lambda mask: theirs(*copies(*inputs), 3, False, mask))
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


# ---------------------------------------------------------------- sliding_window_mask


@check("sliding_window_mask", points=1)
def test_a_query_sees_as_many_keys_as_the_window_and_its_own_is_the_last(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for length, window in zip((11, *draw.sizes(2)), (4, 1, 2), strict=True):
        expected = reference.sliding_window_mask(length, window)
        same_tensor(student.sliding_window_mask(length, window), expected, what="the mask")
        same_tensor(student.sliding_window_mask(length, window, True), expected, what="the mask")


@check("sliding_window_mask", points=1)
def test_if_not_causal_the_window_lies_on_both_sides(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for window in (1, 2, 2 + int(draw.integers(1, 5, 1))):
        length = window + 1 + draw.sizes(1)[0]
        expected = reference.sliding_window_mask(length, window, False)
        mask = student.sliding_window_mask(length, window, False)
        same_tensor(mask, expected, what="the mask that is not causal")


@check("sliding_window_mask", points=0.5)
def test_a_window_as_long_as_the_sequence_hides_later_keys_alone(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for length in draw.sizes(2):
        expected = reference.sliding_window_mask(length, length)
        same_tensor(student.sliding_window_mask(length, length), expected, what="the mask")


@check("sliding_window_mask", points=0.5)
def test_a_window_that_fits_works_and_one_that_does_not_is_refused(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    length = draw.sizes(1)[0]
    expected = reference.sliding_window_mask(length, length)
    same_tensor(student.sliding_window_mask(length, length), expected, what="the mask")
    refused(lambda: student.sliding_window_mask(length, 0), rule=AT_LEAST_1, window=0)
    long = length + 1
    refused(
        lambda: student.sliding_window_mask(length, long),
        rule=NO_LONGER,
        window=long,
        num_queries=length,
    )


# ---------------------------------------------------------------- local_attention


@check("local_attention", points=1)
def test_a_query_gathers_from_the_window_that_ends_at_it(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for window, dtype in zip(draw.sizes(2), (torch.float32, torch.float64), strict=True):
        query, key, value = in_sequence(draw, 2, 3, 3 * window, dtype=dtype)
        for factor in (1, 100):  # of large scores a hidden one must not be the largest
            same_local(student, reference, [query, factor * key, value], window)


@check("local_attention", points=0.75)
def test_the_last_block_may_be_shorter_than_a_window(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    same_local(student, reference, in_sequence(draw, 2, 13), 5)
    same_local(student, reference, in_sequence(draw, 7), 6)


@check("local_attention", points=0.5)
def test_a_window_of_one_and_one_as_long_as_the_sequence_work(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for length, window in zip(draw.sizes(2), (1, None), strict=True):
        same_local(student, reference, in_sequence(draw, 2, length), window or length)


@check("local_attention", points=0.5)
def test_gradients_pass_through_the_window(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = in_sequence(draw, 2, 7)
    same_gradients(student.local_attention, reference.local_attention, inputs, 3)


@check("local_attention", points=0.5)
def test_half_precision_works_and_the_inputs_of_a_window_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = in_sequence(draw, 2, 5, dtype=torch.float16)
    given = dict(zip(("query", "key", "value"), inputs, strict=True))
    ours, theirs = reference.local_attention, student.local_attention
    right_and_left_alone(theirs, ours, given, 2, what="the output")


@check("local_attention", points=0.75)
def test_a_window_that_has_room_works_and_one_that_has_none_is_refused(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    length = draw.sizes(1)[0] + 13
    inputs = in_sequence(draw, length)
    same_local(student, reference, inputs, 3)
    refused(lambda: student.local_attention(*copies(*inputs), 0), rule=AT_LEAST_1, window=0)
    long = length + 1
    refused(
        lambda: student.local_attention(*copies(*inputs), long),
        rule=NO_LONGER,
        window=long,
        length=length,
    )


# ---------------------------------------------------------------- attend_with_cache


@check("attend_with_cache", points=1)
def test_a_new_position_attends_to_the_cache_and_to_itself(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        batch, past, d_head, d_value = draw.sizes(4)
        inputs = with_cache(draw, batch, 3, 1, past, d_head, d_value, dtype=dtype)
        same_with_cache(student, reference, inputs)


@check("attend_with_cache", points=1)
def test_in_a_chunk_each_position_sees_what_came_before_and_nothing_later(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, new, past, d_head, d_value = draw.sizes(5)
    same_with_cache(student, reference, with_cache(draw, batch, new, past, d_head, d_value))
    same_with_cache(student, reference, with_cache(draw, 5, 3, 4, 4))


@check("attend_with_cache", points=0.5)
def test_a_sequence_in_chunks_is_the_sequence_as_a_whole(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, value = in_sequence(draw, 2, 11, widths=(5, 3))
    expected, *_ = reference.attend_with_cache(query, key, value, key[:, :0], value[:, :0])
    cache = [key[:, :0].clone(), value[:, :0].clone()]
    outputs, start = [], 0
    for size in (4, 1, *draw.sizes(5)):
        stop = min(start + size, 11)
        if start < stop:
            new = [x[:, start:stop].clone() for x in (query, key, value)]
            output, *cache = three(student.attend_with_cache(*new, *cache))
            same_tensor(output, expected[:, start:stop], what=f"positions {start} to {stop - 1}")
            outputs.append(output)
        start = stop
    same_tensor(torch.cat(outputs, dim=1), expected, what="the chunks' output")


@check("attend_with_cache", points=0.75)
def test_the_cache_comes_back_with_the_new_behind_the_old(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    new, past, d_head, d_value = draw.sizes(4)
    inputs = with_cache(draw, 2, new, past, d_head, d_value)
    _, keys, values = three(student.attend_with_cache(*copies(*inputs)))
    _, wanted_keys, wanted_values = reference.attend_with_cache(*inputs)
    same_tensor(keys, wanted_keys, what="the cache of keys")
    same_tensor(values, wanted_values, what="the cache of values")


@check("attend_with_cache", points=0.75)
def test_the_mask_hides_more_and_a_query_that_sees_nothing_gets_zeros(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = with_cache(draw, 2, 3, 3, 4, 5, 5)
    padded = torch.arange(7) >= torch.tensor([5, 2])[:, None, None, None]
    drawn = draw.mask(3, 7)
    drawn[0, :5] = False  # the first query sees, if anything, the future
    for mask in (padded, drawn, draw.mask(2, 3, 3, 7)):
        same_with_cache(student, reference, [*inputs, mask])
    large = [100 * inputs[0], *inputs[1:]]  # a hidden score must not be the largest
    same_with_cache(student, reference, [*large, padded])


@check("attend_with_cache", points=0.5)
def test_gradients_reach_the_new_and_the_cached(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = with_cache(draw, 2, 3, 4, 5, 5)

    def output_of(attend: Functions) -> Functions:
        return lambda *given: three(attend(*given))[0]

    theirs, ours = output_of(student.attend_with_cache), output_of(reference.attend_with_cache)
    same_gradients(theirs, ours, inputs)


@check("attend_with_cache", points=0.5)
def test_what_was_given_stays_as_it_was_when_the_cache_grows(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = with_cache(draw, 2, 2, 5, 3, 3)
    names = ("query", "key", "value", "cache_key", "cache_value")
    before, expected = copies(*inputs), reference.attend_with_cache(*copies(*inputs))
    same_three(student.attend_with_cache(*inputs), expected)
    left_alone(names, inputs, before)
    mask_left_alone(draw.mask(2, 2, 7), lambda mask: student.attend_with_cache(*before, mask))


# ---------------------------------------------------------------- grouped_query_attention


@check("grouped_query_attention", points=1.25)
def test_query_heads_side_by_side_share_one_head_of_keys_and_values(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    same_grouped(student, reference, in_groups(draw, 6, 2, dtype=torch.float64))


@check("grouped_query_attention", points=0.75)
def test_one_head_of_keys_serves_all_and_as_many_heads_are_ordinary_attention(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for kv_heads in (1, 4):
        same_grouped(student, reference, in_groups(draw, 4, kv_heads))


@check("grouped_query_attention", points=0.75)
def test_a_mask_is_for_query_heads_and_broadcasts(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = in_groups(draw, 4, 2)
    for shape in ((2, 1, 1, 5), (2, 4, 3, 5)):
        same_grouped(student, reference, [*inputs, draw.mask(*shape)])
    large = [100 * inputs[0], *inputs[1:]]  # a hidden score must not be the largest
    same_grouped(student, reference, [*large, draw.mask(2, 4, 3, 5)])


@check("grouped_query_attention", points=0.5)
def test_a_query_that_sees_nothing_gets_zeros_in_every_group(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    mask = draw.mask(2, 4, 3, 5)
    mask[:, int(draw.integers(0, 4, 1)), 1] = False
    same_grouped(student, reference, [*in_groups(draw, 4, 2), mask])


@check("grouped_query_attention", points=0.5)
def test_gradients_of_a_shared_head_are_summed_over_its_group(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    ours, theirs = reference.grouped_query_attention, student.grouped_query_attention
    same_gradients(theirs, ours, in_groups(draw, 6, 2), draw.mask(3, 5))


@check("grouped_query_attention", points=0.5)
def test_half_precision_works_and_the_inputs_of_a_group_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = in_groups(draw, 4, 2, dtype=torch.float16)
    given = dict(zip(("query", "key", "value"), inputs, strict=True))
    ours, theirs = reference.grouped_query_attention, student.grouped_query_attention
    right_and_left_alone(theirs, ours, given, what="the output")
    mask_left_alone(draw.mask(2, 4, 3, 5), lambda mask: theirs(*copies(*inputs), mask))


@check("grouped_query_attention", points=0.75)
def test_heads_that_can_be_shared_out_work_and_others_are_refused(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    same_grouped(student, reference, in_groups(draw, 6, 3))
    inputs = in_groups(draw, 7, 2)
    refused(
        lambda: student.grouped_query_attention(*inputs),
        rule="num_heads must be a multiple of num_kv_heads",
        num_heads=7,
        num_kv_heads=2,
    )


# ---------------------------------------------------------------- inputs: windows, caches, groups


def in_sequence(
    draw: Draw,
    *shape: int,
    widths: tuple[int, int] = (4, 3),
    dtype: torch.dtype = torch.float32,
) -> list[Tensor]:
    """Return as many queries as keys and values; the shape ends with the length."""
    d_head, d_value = widths
    return [draw.normal(*shape, width, dtype=dtype) for width in (d_head, d_head, d_value)]


def with_cache(draw: Draw, *shape: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Return what is new, then the cache: the shape ends (…, new, past, d_head, d_value)."""
    *batch, new, past, d_head, d_value = shape
    sizes = ((new, d_head), (new, d_head), (new, d_value), (past, d_head), (past, d_value))
    return [draw.normal(*batch, length, width, dtype=dtype) for length, width in sizes]


def in_groups(
    draw: Draw, num_heads: int, num_kv_heads: int, dtype: torch.dtype = torch.float32
) -> list[Tensor]:
    """Return 3 queries of every head, and 5 keys and values of fewer heads, 2 sequences of each."""
    sizes = ((num_heads, 3, 7), (num_kv_heads, 5, 7), (num_kv_heads, 5, 2))
    return [draw.normal(2, *size, dtype=dtype) for size in sizes]


# ---------------------------------------------------------------- comparisons of these


def mask_left_alone(mask: Tensor, attend: Callable[[Tensor], object]) -> None:
    """Demand that a call leaves the mask as it was; other checks judge its result."""
    before = mask.clone()
    attend(mask)
    left_alone(["mask"], [mask], [before])


def same_local(student: Functions, reference: Functions, inputs: list[Tensor], window: int) -> None:
    """Demand the right output, worked out in float64 and rounded to the inputs' dtype."""
    wide = [x.double() for x in inputs]
    expected = reference.local_attention(*wide, window).to(inputs[0].dtype)
    same_tensor(student.local_attention(*copies(*inputs), window), expected, what="the output")


def same_grouped(student: Functions, reference: Functions, inputs: list[Tensor]) -> None:
    """Demand the right output, worked out in float64 and rounded to the inputs' dtype."""
    wide = [x.double() if x.is_floating_point() else x for x in inputs]
    expected = reference.grouped_query_attention(*wide).to(inputs[0].dtype)
    same_tensor(student.grouped_query_attention(*copies(*inputs)), expected, what="the output")


def same_with_cache(student: Functions, reference: Functions, inputs: list[Tensor]) -> None:
    """Demand the right output and the right cache."""
    expected = reference.attend_with_cache(*inputs)
    same_three(student.attend_with_cache(*copies(*inputs)), expected)


def same_three(results: object, expected: tuple[Tensor, ...]) -> None:
    """Demand an output and two caches."""
    names = ("the output", "the cache of keys", "the cache of values")
    for name, theirs, ours in zip(names, three(results), expected, strict=True):
        same_tensor(theirs, ours, what=name)


def three(results: object) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three results, or say that they must be three."""
    if not isinstance(results, (tuple, list)) or len(results) != 3:
        raise Mismatch("three results must come back: the output, the keys and the values")
    output, keys, values = results
    return output, keys, values
