"""Checks of the sheet `efficient`.

A check's name is the sentence that a learner reads. Each compares values, on inputs drawn
from the run's seed; what is compared with is worked out before the learner's function is called.
"""

from __future__ import annotations

from typing import Any

from attnbook import caching, costs, local, multihead, tiled, windows
from autograder.checks.compare import same_tensor
from autograder.checks.draw import Draw
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
