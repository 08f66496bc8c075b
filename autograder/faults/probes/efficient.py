"""Inputs that tell the mistakes of the sheet `efficient` apart, from the smallest up."""

from __future__ import annotations

import torch

from autograder.faults.model import Probe


def attention_flops_probes() -> tuple[Probe, ...]:
    """Return probes for attention_flops."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def online_softmax_probes() -> tuple[Probe, ...]:
    """Return probes for online_softmax."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def tiled_attention_probes() -> tuple[Probe, ...]:
    """Return probes for tiled_attention."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def sliding_window_mask_probes() -> tuple[Probe, ...]:
    """Return probes for sliding_window_mask."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def local_attention_probes() -> tuple[Probe, ...]:
    """Return probes for local_attention."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def attend_with_cache_probes() -> tuple[Probe, ...]:
    """Return probes for attend_with_cache."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def grouped_query_attention_probes() -> tuple[Probe, ...]:
    """Return probes for grouped_query_attention."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )
