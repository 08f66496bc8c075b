"""The exercises of the sheet `efficient` with every known mistake as a switch.

These functions are also written into notebooks (a sample class is made of them), so
each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

from torch import Tensor


def faulty_attention_flops(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_online_softmax(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_tiled_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_sliding_window_mask(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_local_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_attend_with_cache(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_grouped_query_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x
