"""Inputs that tell the mistakes of the sheet `bottleneck` apart, from the smallest up."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.faults.model import Probe

ROW = torch.tensor([0.0, 1.0, 3.0])
TABLE = torch.tensor([[0.0, 1.0, 3.0], [2.0, -1.0, 0.5]])
FAR_APART = torch.tensor([[1.0, 2.0], [-400.0, -401.0]])
LARGE = torch.tensor([[1000.0, 998.0, -1000.0], [999.0, 1.0, 2.0]])
HIDDEN = torch.tensor([[0.0, -math.inf, 1.0], [-math.inf, 2.0, -math.inf]])
EMPTY = torch.tensor([[0.0, -math.inf, 1.0], [-math.inf, -math.inf, -math.inf]])
NOTHING = torch.tensor([-math.inf, -math.inf])

KEYS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
QUERIES = torch.tensor([[0.5, 0.5], [1.0, 1.5]])
VALUES = torch.tensor([[1.0], [2.0], [5.0]])

W_QUERY = torch.tensor([[1.0, -0.5, 0.2], [0.3, 1.0, -1.0]])
W_KEY = torch.tensor([[0.5, 1.0, -0.3], [-1.0, 0.4, 0.8]])
V = torch.tensor([1.0, -2.0, 0.5])


def _drawn(*shape: int) -> Tensor:
    """Return fixed numbers that look random; the seed is the shape, so probes never shift."""
    generator = torch.Generator().manual_seed(sum(n * 31**i for i, n in enumerate(shape)))
    return torch.randn(*shape, generator=generator)


def softmax_probes() -> tuple[Probe, ...]:
    """Return probes for a softmax."""
    cases: tuple[tuple[str, Tensor, int, bool], ...] = (
        ("one row", ROW, 0, False),
        ("two rows", TABLE, -1, False),
        ("two rows, along the first axis", TABLE, 0, False),
        ("a score of -inf in each row", HIDDEN, -1, False),
        ("a row of nothing but -inf", EMPTY, -1, False),
        ("nothing but -inf", NOTHING, 0, False),
        ("one row far below the other", FAR_APART, -1, False),
        ("scores of a thousand", LARGE, -1, False),
        ("scores of a thousand, along the first axis", LARGE, 0, False),
        ("float64", TABLE.double(), -1, False),
        ("float16", EMPTY.half(), -1, False),
        ("nothing but -inf in float16", NOTHING.half(), 0, False),
        ("bfloat16", EMPTY.bfloat16(), -1, False),
        ("gradients", TABLE, -1, True),
        ("gradients, a row of nothing but -inf", EMPTY, -1, True),
        ("gradients in float64, scores of a thousand", LARGE.double(), 1, True),
        ("three axes, along the middle one", _drawn(2, 3, 5), 1, True),
        ("three axes, along the middle one from behind", _drawn(3, 2, 5), -2, False),
    )
    return tuple(
        Probe(name, {"scores": scores, "dim": dim}, gradients)
        for name, scores, dim, gradients in cases
    )


def kernel_probes() -> tuple[Probe, ...]:
    """Return probes for kernel attention."""
    far, on_key = torch.tensor([[3000.0, 4000.0]]), torch.zeros(1, 2).double()
    cases: tuple[tuple[str, tuple[Tensor, Tensor, Tensor, float], bool], ...] = (
        ("one query, three keys", (QUERIES[:1], KEYS, VALUES, 2.0), False),
        ("two queries, three keys", (QUERIES, KEYS, VALUES, 2.0), False),
        ("a low temperature", (QUERIES, KEYS, VALUES, 0.25), False),
        ("a query on a key", (KEYS[1:2], KEYS, VALUES, 3.0), False),
        ("a query far from all keys", (far, KEYS, VALUES, 2.0), False),
        ("far from all keys, a low temperature", (far[:, :1], _drawn(3, 1), VALUES, 0.25), False),
        ("as many queries as keys", (KEYS + 0.25, KEYS, VALUES, 2.0), False),
        ("gradients", (QUERIES, KEYS, VALUES, 2.0), True),
        ("three features", (_drawn(5, 3), _drawn(7, 3), _drawn(7, 2), 3.0), False),
        ("float64", (QUERIES.double(), KEYS.double(), VALUES.double(), 3.0), False),
        ("one key in float64", (on_key, on_key, VALUES[1:2].double(), 2.0), False),
        ("float16", (QUERIES.half(), KEYS.half(), VALUES.half(), 3.0), False),
        ("a batch of 2", (_drawn(2, 5, 3), _drawn(2, 7, 3), _drawn(2, 7, 4), 1.5), True),
        (
            "a batch of 2, 3 heads",
            (_drawn(2, 3, 5, 4), _drawn(2, 3, 7, 4), _drawn(2, 3, 7, 2), 5.0),
            True,
        ),
    )
    names = ("query", "keys", "values", "temperature")
    return tuple(
        Probe(name, dict(zip(names, arguments, strict=True)), gradients)
        for name, arguments, gradients in cases
    )


def additive_probes() -> tuple[Probe, ...]:
    """Return probes for additive scores."""
    learned = (W_QUERY, W_KEY, V)
    square = (W_QUERY[:, :2], W_KEY[:, :2], V[:2])
    cases: tuple[tuple[str, tuple[Tensor, ...], bool], ...] = (
        ("one query, one key", (QUERIES[1:], KEYS[1:2], *learned), False),
        ("two queries, three keys", (QUERIES, KEYS, *learned), False),
        ("as wide as the hidden layer", (QUERIES, KEYS, *square), False),
        ("as many queries as keys", (KEYS + 0.25, KEYS, *learned), False),
        ("large states", (20 * QUERIES, 20 * KEYS, *learned), False),
        ("gradients", (QUERIES, KEYS, *learned), True),
        ("gradients, as wide as the hidden layer", (QUERIES, KEYS, *square), True),
        ("float64", tuple(each.double() for each in (QUERIES, KEYS, *learned)), False),
        ("float16", tuple(each.half() for each in (QUERIES, KEYS, *learned)), False),
        (
            "a batch of 2",
            (
                _drawn(2, 5, 3),
                _drawn(2, 7, 3),
                _drawn(3, 11),
                _drawn(3, 11) * 0.5 + 0.1,
                _drawn(11),
            ),
            True,
        ),
        (
            "a batch of 2, as wide as the hidden layer",
            (_drawn(2, 5, 3), _drawn(2, 7, 3), _drawn(3, 3), _drawn(3, 3) * 0.5 + 0.1, V),
            False,
        ),
        (
            "a batch of 2, 3 heads",
            (_drawn(2, 3, 5, 4), _drawn(2, 3, 7, 4), _drawn(4, 3), _drawn(4, 3) * 0.5 + 0.1, V),
            False,
        ),
    )
    names = ("query", "keys", "w_query", "w_key", "v")
    return tuple(
        Probe(name, dict(zip(names, arguments, strict=True)), gradients)
        for name, arguments, gradients in cases
    )
