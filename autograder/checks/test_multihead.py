"""Checks of the sheet `multihead`.

Each check compares values as well as the property in its name, so that nothing is
earned by an answer that has the right shape, or the right parameters, alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from attnbook.multihead import (
    MultiHeadAttention,
    merge_heads,
    multihead_parameter_count,
    split_heads,
)
from autograder.checks.compare import demand, same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import refused, same_gradients
from autograder.checks.marks import check
from autograder.checks.modules import same_gradients_of_parameters, same_output, same_weights

Functions = Any  # offers the exercises as attributes
DIVIDES = "d_model must be a multiple of num_heads"

REFERENCE = {
    "split_heads": split_heads,
    "merge_heads": merge_heads,
    "MultiHeadAttention": MultiHeadAttention,
    "multihead_parameter_count": multihead_parameter_count,
}

# ---------------------------------------------------------------- split_heads


@check("split_heads", points=1)
def test_head_h_is_the_h_th_block_of_features_at_every_position(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64, torch.float16):
        batch, length, heads, d_head = draw.sizes(4)
        x = draw.normal(batch, length, heads * d_head, dtype=dtype)
        same_split(student, reference, x, heads)


@check("split_heads", points=1)
def test_splitting_works_on_an_input_that_is_in_another_order_in_memory(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, heads, d_head = draw.sizes(4)
    same_split(student, reference, draw.normal(length, batch, heads * d_head).mT.mT, heads)
    turned = draw.normal(length, batch, heads * d_head).transpose(0, 1)
    same_split(student, reference, turned, heads)
    strided = draw.normal(batch, length, 2 * heads * d_head)[..., ::2]
    same_split(student, reference, strided, heads)


@check("split_heads", points=0.5)
def test_splitting_loses_no_gradient(student: Functions, reference: Functions, draw: Draw) -> None:
    batch, length, heads, d_head = draw.sizes(4)
    x = draw.normal(batch, length, heads * d_head)
    same_gradients(student.split_heads, reference.split_heads, [x], heads)


@check("split_heads", points=0.5)
def test_a_width_that_divides_is_split_and_one_that_does_not_is_refused(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, heads, d_head = draw.sizes(4)
    same_split(student, reference, draw.normal(batch, length, heads * d_head), heads)
    uneven = heads * d_head + 1
    x = draw.normal(batch, length, uneven)
    refused(lambda: student.split_heads(x, heads), rule=DIVIDES, d_model=uneven, num_heads=heads)


# ---------------------------------------------------------------- merge_heads


@check("merge_heads", points=1)
def test_the_heads_of_a_position_come_side_by_side_in_their_order(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64, torch.float16):
        x = draw.normal(*draw.sizes(4), dtype=dtype)
        same_merged(student, reference, x)


@check("merge_heads", points=1)
def test_merging_undoes_splitting(student: Functions, reference: Functions, draw: Draw) -> None:
    batch, length, heads, d_head = draw.sizes(4)
    whole = draw.normal(batch, length, heads * d_head)
    same_merged(student, reference, reference.split_heads(whole, heads))
    same_merged(student, reference, reference.split_heads(whole, heads).contiguous())


@check("merge_heads", points=1)
def test_merging_loses_no_gradient(student: Functions, reference: Functions, draw: Draw) -> None:
    same_gradients(student.merge_heads, reference.merge_heads, [draw.normal(*draw.sizes(4))])


# ---------------------------------------------------------------- MultiHeadAttention


@check("MultiHeadAttention", points=1.5)
def test_every_head_attends_with_its_own_block_of_features(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        batch, length, heads, d_head = draw.sizes(4)
        theirs, ours = made(student, reference, draw, heads * d_head, heads, dtype=dtype)
        x = draw.normal(batch, length, heads * d_head, dtype=dtype)
        same_output(theirs, ours, x, x, x)


@check("MultiHeadAttention", points=1.5)
def test_queries_keys_and_values_may_come_from_three_sequences(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, queries, keys, heads, d_head = draw.sizes(5)
    theirs, ours = made(student, reference, draw, heads * d_head, heads)
    same_output(theirs, ours, *sequences(draw, batch, queries, keys, heads * d_head))
    turned = [x.transpose(0, 1) for x in sequences(draw, queries, batch, batch, heads * d_head)]
    same_output(theirs, ours, *turned)


@check("MultiHeadAttention", points=1)
def test_a_mask_hides_keys_from_all_heads_or_from_one(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, queries, keys, heads, d_head = draw.sizes(5)
    theirs, ours = made(student, reference, draw, heads * d_head, heads)
    three = sequences(draw, batch, queries, keys, heads * d_head)
    for shape in ((queries, keys), (batch, 1, 1, keys), (batch, heads, queries, keys)):
        same_output(theirs, ours, *three, draw.mask(*shape))


@check("MultiHeadAttention", points=0.5)
def test_a_query_that_sees_nothing_gets_the_bias_of_the_output_projection(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, queries, keys, heads, d_head = draw.sizes(5)
    theirs, ours = made(student, reference, draw, heads * d_head, heads)
    mask = draw.mask(queries, keys)
    mask[int(draw.integers(0, queries, 1))] = False
    same_output(theirs, ours, *sequences(draw, batch, queries, keys, heads * d_head), mask)


@check("MultiHeadAttention", points=1)
def test_all_eight_parameters_learn(student: Functions, reference: Functions, draw: Draw) -> None:
    batch, queries, keys, heads, d_head = draw.sizes(5)
    theirs, ours = made(student, reference, draw, heads * d_head, heads)
    mask = draw.mask(queries, keys)
    mask[0] = False
    three = sequences(draw, batch, queries, keys, heads * d_head)
    same_gradients_of_parameters(theirs, ours, [*three, mask], list(ours.state_dict()))


@check("MultiHeadAttention", points=0.5)
def test_heads_that_share_the_width_work_and_others_are_refused(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, queries, keys, heads, d_head = draw.sizes(5)
    theirs, ours = made(student, reference, draw, heads * d_head, heads)
    same_output(theirs, ours, *sequences(draw, batch, queries, keys, heads * d_head))
    uneven = heads * d_head + 1
    refused(
        lambda: student.MultiHeadAttention(uneven, heads),
        rule=DIVIDES,
        d_model=uneven,
        num_heads=heads,
    )


# ---------------------------------------------------------------- multihead_parameter_count


@check("multihead_parameter_count", points=1)
def test_the_weights_are_counted(student: Functions, reference: Functions, draw: Draw) -> None:
    for heads, d_head in (draw.sizes(2), (1, 64), (8, 64)):
        same_count(student, reference, heads * d_head, heads, bias=False)


@check("multihead_parameter_count", points=1)
def test_the_biases_are_counted_if_there_are_any(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for bias in (True, False):
        heads, d_head = draw.sizes(2)
        same_count(student, reference, heads * d_head, heads, bias=bias)


@check("multihead_parameter_count", points=1)
def test_the_number_of_heads_does_not_matter_and_must_divide_the_width(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    heads, d_head = draw.sizes(2)
    for number in (1, heads, d_head):
        same_count(student, reference, heads * d_head, number, bias=True)
    uneven = heads * d_head + 1
    refused(
        lambda: student.multihead_parameter_count(uneven, heads, True),
        rule=DIVIDES,
        d_model=uneven,
        num_heads=heads,
    )


# ---------------------------------------------------------------- inputs


def sequences(draw: Draw, batch: int, queries: int, keys: int, d_model: int) -> list[Tensor]:
    """Return a query, a key and a value; all three differ."""
    return [draw.normal(batch, length, d_model) for length in (queries, keys, keys)]


# ---------------------------------------------------------------- comparisons


def made(
    student: Functions,
    reference: Functions,
    draw: Draw,
    *arguments: int,
    dtype: torch.dtype = torch.float32,
) -> tuple[Any, Any]:
    """Return the student's layer and the reference's, with the same fresh weights."""
    return same_weights(
        student.MultiHeadAttention, reference.MultiHeadAttention, draw, *arguments, dtype=dtype
    )


def same_split(student: Functions, reference: Functions, x: Tensor, num_heads: int) -> None:
    """Demand that splitting gives exactly the reference's heads."""
    expected = reference.split_heads(x, num_heads)
    same_tensor(student.split_heads(copied(x), num_heads), expected, what="the heads")


def same_merged(student: Functions, reference: Functions, x: Tensor) -> None:
    """Demand that merging gives exactly the reference's features."""
    expected = reference.merge_heads(x)
    same_tensor(student.merge_heads(copied(x)), expected, what="the merged heads")


def same_count(
    student: Functions, reference: Functions, d_model: int, num_heads: int, *, bias: bool
) -> None:
    """Demand that the count is the reference's, and a whole number."""
    expected = reference.multihead_parameter_count(d_model, num_heads, bias)
    count = student.multihead_parameter_count(d_model, num_heads, bias)
    demand(
        type(count) is int and count == expected,
        f"with d_model={d_model}, num_heads={num_heads} and bias={bias} the count must be "
        f"{expected}, got {count!r:.60}",
    )


def copied(x: Tensor) -> Tensor:
    """Return a copy in the same order in memory, so that a change of it is not compared later."""
    return torch.empty_strided(x.shape, x.stride(), dtype=x.dtype).copy_(x)
