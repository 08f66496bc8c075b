"""Inputs that tell the mistakes of the sheet `multihead` apart, from the smallest up."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.faults.model import Probe

PARAMETERS = tuple(
    f"{layer}_proj.{kind}"
    for layer in ("query", "key", "value", "output")
    for kind in ("weight", "bias")
)
"""What the state of a learner's `MultiHeadAttention` must hold."""


def _counted(*shape: int) -> Tensor:
    """Return 1, 2, 3 … in this shape: each element says where it comes from."""
    return torch.arange(1.0, 1 + torch.Size(shape).numel()).reshape(shape)


def _drawn(*shape: int) -> Tensor:
    """Return fixed numbers that look random, and are short to read.

    The seed is the shape, so probes never shift.
    """
    generator = torch.Generator().manual_seed(sum(n * 31**i for i, n in enumerate(shape)))
    return torch.randn(*shape, generator=generator).mul(10).round() / 10


def split_probes() -> tuple[Probe, ...]:
    """Return probes for splitting heads."""
    turned = _counted(5, 2, 6).transpose(0, 1)
    cases: tuple[tuple[str, Tensor, int, bool], ...] = (
        ("one position, two heads of width 1", _counted(1, 1, 2), 2, False),
        ("one position, two heads of width 2", _counted(1, 1, 4), 2, False),
        ("two positions, two heads of width 2", _counted(1, 2, 4), 2, False),
        ("two positions, two heads of width 3", _counted(1, 2, 6), 2, False),
        ("a width that the heads do not share evenly", _counted(1, 2, 5), 3, False),
        ("float64", _counted(1, 2, 4).double(), 2, False),
        ("a batch of 2, in another order in memory", turned, 3, False),
        ("a batch of 2, with gradients", _drawn(2, 5, 21), 3, True),
    )
    return tuple(
        Probe(name, {"x": x, "num_heads": heads}, gradients) for name, x, heads, gradients in cases
    )


def merge_probes() -> tuple[Probe, ...]:
    """Return probes for merging heads."""
    turned = _counted(2, 5, 3, 7).transpose(1, 2)
    cases: tuple[tuple[str, Tensor, bool], ...] = (
        ("two heads of width 1, one position", _counted(1, 2, 1, 1), False),
        ("two heads of width 2, one position", _counted(1, 2, 1, 2), False),
        ("two heads of width 2, two positions", _counted(1, 2, 2, 2), False),
        ("two heads of width 3, two positions", _counted(1, 2, 2, 3), False),
        ("float64", _counted(1, 2, 2, 2).double(), False),
        ("a batch of 2, fresh from splitting", turned, False),
        ("a batch of 2, with gradients", _drawn(2, 3, 5, 7), True),
    )
    return tuple(Probe(name, {"x": x}, gradients) for name, x, gradients in cases)


def count_probes() -> tuple[Probe, ...]:
    """Return probes for counting parameters."""
    cases = (
        ("one head, no biases", 2, 1, False),
        ("one head", 2, 1, True),
        ("two heads, no biases", 6, 2, False),
        ("five heads", 10, 5, True),
        ("the base model of 2017", 512, 8, True),
        ("a width that the heads do not share evenly", 10, 3, True),
    )
    return tuple(
        Probe(name, {"d_model": width, "num_heads": heads, "bias": bias})
        for name, width, heads, bias in cases
    )


def _made(name: str, d_model: int, num_heads: int, **passed: Tensor) -> Probe:
    made_with: dict[str, object] = {"d_model": d_model, "num_heads": num_heads}
    return Probe(name, made_with | passed)


def _sequences(d_model: int, queries: int, keys: int, batch: int = 1) -> dict[str, Tensor]:
    """Return a query, a key and a value of one or more sequences; all three differ."""
    return {
        "query": _drawn(batch, queries, d_model),
        "key": _drawn(batch, keys, d_model).flip(-1) * 1.5,
        "value": _drawn(batch, keys, d_model) - 0.5,
    }


def attention_probes() -> tuple[Probe, ...]:
    """Return probes for multi-head attention: first what makes it, then what it is called with."""
    some = _drawn(2, 5) > -0.4
    apart = _drawn(2, 2, 5, 3) > -0.3
    apart[..., 0] = True
    empty = torch.tensor([[True, False, True], [False, False, False], [True, True, False]])
    alone = {name: _drawn(1, 4, 6) for name in ("query", "key", "value")}
    large = _sequences(21, 5, 7, batch=2)
    large_mask = _drawn(2, 1, 5, 7) > -0.4
    large_mask[:, :, 3] = False
    turned = {name: x.transpose(0, 1).clone().transpose(0, 1) for name, x in large.items()}
    return (
        _made("what it learns", 6, 2),
        _made("a width that the heads do not share evenly", 10, 3),
        _made("one head of width 1, one key", 1, 1, **_sequences(1, 1, 1)),
        _made("one head of width 2, two keys", 2, 1, **_sequences(2, 1, 2)),
        _made("two heads of width 1, two keys", 2, 2, **_sequences(2, 1, 2)),
        _made("two heads of width 2, two queries", 4, 2, **_sequences(4, 2, 3)),
        _made("as many queries as keys", 6, 2, **_sequences(6, 3, 3)),
        _made("self-attention", 6, 3, **alone),
        _made("a mask for all heads", 6, 2, **_sequences(6, 2, 5), mask=some),
        _made(
            "a mask for each head and sequence", 6, 2, **_sequences(6, 5, 3, batch=2), mask=apart
        ),
        _made("a query that sees nothing", 6, 2, **_sequences(6, 3, 3), mask=empty),
        _made("a batch of 2, in another order in memory", 21, 3, **turned),
        Probe(
            "a batch of 2, with gradients",
            {"d_model": 21, "num_heads": 3, **large, "mask": large_mask},
            gradients=True,
        ),
    )
