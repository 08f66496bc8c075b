"""Inputs that tell the mistakes of the sheet `approximate` apart, from the smallest up."""

from __future__ import annotations

import torch

from autograder.faults.model import Probe


def linformer_attention_probes() -> tuple[Probe, ...]:
    """Return probes for linformer_attention."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def favor_features_probes() -> tuple[Probe, ...]:
    """Return probes for favor_features."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def performer_attention_probes() -> tuple[Probe, ...]:
    """Return probes for performer_attention."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def linear_attention_probes() -> tuple[Probe, ...]:
    """Return probes for linear_attention."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def lsh_buckets_probes() -> tuple[Probe, ...]:
    """Return probes for lsh_buckets."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )


def lsh_attention_probes() -> tuple[Probe, ...]:
    """Return probes for lsh_attention."""
    # FILL: small enough to print, and for every mistake one that shows it. The first one on
    # which an answer is wrong is what the learner sees.
    return (
        Probe("one row", {"x": torch.tensor([[1.0, 2.0]])}),
        Probe("two rows, gradients", {"x": torch.tensor([[1.0, 2.0], [3.0, 5.0]])}, gradients=True),
    )
