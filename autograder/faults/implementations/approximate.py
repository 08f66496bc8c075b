"""The exercises of the sheet `approximate` with every known mistake as a switch.

These functions are also written into notebooks (a sample class is made of them), so
each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

from torch import Tensor


def faulty_linformer_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_favor_features(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_performer_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_linear_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_lsh_buckets(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_lsh_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x
