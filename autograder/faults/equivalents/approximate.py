"""Correct answers to the sheet `approximate` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

from torch import Tensor


def linformer_attention_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def favor_features_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def performer_attention_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def linear_attention_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def lsh_buckets_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def lsh_attention_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x
