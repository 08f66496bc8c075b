"""Correct answers to the sheet `efficient` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

from torch import Tensor


def attention_flops_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def online_softmax_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def tiled_attention_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def sliding_window_mask_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def local_attention_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def attend_with_cache_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def grouped_query_attention_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x
