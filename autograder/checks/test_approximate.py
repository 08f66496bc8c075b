"""Checks of the sheet `approximate`.

A check's name is the sentence that a learner reads. Each compares values, on inputs drawn
from the run's seed; what is compared with is worked out before the learner's function is called.
"""

from __future__ import annotations

from typing import Any

from attnbook import linear_attention, linformer, performer, reformer
from autograder.checks.compare import same_tensor
from autograder.checks.draw import Draw
from autograder.checks.marks import check

Functions = Any  # offers the exercises as attributes

REFERENCE = {
    "linformer_attention": linformer.linformer_attention,
    "favor_features": performer.favor_features,
    "performer_attention": performer.performer_attention,
    "linear_attention": linear_attention.linear_attention,
    "lsh_buckets": reformer.lsh_buckets,
    "lsh_attention": reformer.lsh_attention,
}


@check("linformer_attention", points=3)
def test_fill_in_what_must_hold_of_linformer_attention_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.linformer_attention(x)
    same_tensor(student.linformer_attention(x.clone()), expected, what="the result")


@check("favor_features", points=3)
def test_fill_in_what_must_hold_of_favor_features_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.favor_features(x)
    same_tensor(student.favor_features(x.clone()), expected, what="the result")


@check("performer_attention", points=3)
def test_fill_in_what_must_hold_of_performer_attention_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.performer_attention(x)
    same_tensor(student.performer_attention(x.clone()), expected, what="the result")


@check("linear_attention", points=3)
def test_fill_in_what_must_hold_of_linear_attention_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.linear_attention(x)
    same_tensor(student.linear_attention(x.clone()), expected, what="the result")


@check("lsh_buckets", points=3)
def test_fill_in_what_must_hold_of_lsh_buckets_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.lsh_buckets(x)
    same_tensor(student.lsh_buckets(x.clone()), expected, what="the result")


@check("lsh_attention", points=3)
def test_fill_in_what_must_hold_of_lsh_attention_as_one_sentence(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    # FILL: several checks in place of this one, each with the points it is worth. Cover masks,
    # extreme values, dtypes, gradients, non-contiguous inputs, inputs that must stay as they were.
    batch, length, d = draw.sizes(3)
    x = draw.normal(batch, length, d)
    expected = reference.lsh_attention(x)
    same_tensor(student.lsh_attention(x.clone()), expected, what="the result")
