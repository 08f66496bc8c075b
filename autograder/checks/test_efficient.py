"""Checks of the sheet `efficient`.

A check's name is the sentence that a learner reads. Each compares values, on inputs drawn
from the run's seed; what is compared with is worked out before the learner's function is called.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from attnbook import caching, costs, local, multihead, tiled, windows
from autograder.checks.compare import Mismatch, same_tensor
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


@check("attention_flops", points=3)
def test_fill_in_what_must_hold_of_attention_flops_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.attention_flops(x)
    same_tensor(student.attention_flops(x.clone()), expected, what="the result")


@check("online_softmax", points=3)
def test_fill_in_what_must_hold_of_online_softmax_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.online_softmax(x)
    same_tensor(student.online_softmax(x.clone()), expected, what="the result")


@check("tiled_attention", points=3)
def test_fill_in_what_must_hold_of_tiled_attention_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.tiled_attention(x)
    same_tensor(student.tiled_attention(x.clone()), expected, what="the result")


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
        inputs = in_sequence(draw, 2, 3, 3 * window, dtype=dtype)
        same_local(student, reference, inputs, window)


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
