"""Inputs that tell the mistakes of the sheet `attention` apart, from the smallest up."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.faults.model import Probe

KEYS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
QUERIES = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
VALUES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [5.0, 7.0]])
PARTLY = torch.tensor([[True, True, False], [True, False, True]])
ONE_EMPTY = torch.tensor([[True, False, True], [False, False, False]])
SQUARE = torch.tensor([[True, False, False], [True, True, False], [False, True, True]])


def _drawn(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return fixed numbers that look random; the seed is the shape, so probes never shift."""
    generator = torch.Generator().manual_seed(sum(n * 31**i for i, n in enumerate(shape)))
    return torch.randn(*shape, generator=generator).to(dtype)


def _drawn_mask(*shape: int) -> Tensor:
    """Return a mask that hides about a third, with one query that sees nothing."""
    mask = _drawn(*shape) > -0.4
    mask[..., 1, :] = False
    return mask


# Each is (what is special, query, key, mask, with gradients), from the smallest up.
_INPUTS: tuple[tuple[str, Tensor, Tensor, Tensor | None, bool], ...] = (
    ("one query, three keys", QUERIES[:1], KEYS, None, False),
    ("two queries, three keys", QUERIES, KEYS, None, False),
    ("a mask", QUERIES, KEYS, PARTLY, False),
    ("a masked key that would dominate", 30 * QUERIES, KEYS, PARTLY, False),
    ("scores far below zero", -60 * (KEYS + 0.5), KEYS + 0.5, SQUARE, False),
    ("scores further below zero", -6e4 * (KEYS + 0.5), KEYS + 0.5, SQUARE, False),
    ("a query that sees nothing", QUERIES, KEYS, ONE_EMPTY, False),
    ("as many queries as keys", KEYS.flip(0) * 1.5, KEYS, SQUARE, False),
    ("float16", KEYS.flip(0).half(), KEYS.half(), SQUARE, False),
    ("bfloat16", KEYS.flip(0).bfloat16(), KEYS.bfloat16(), SQUARE, False),
    ("gradients without a mask", _drawn(3, 5), _drawn(7, 5), None, True),
    ("gradients, a query that sees nothing", QUERIES, KEYS, ONE_EMPTY, True),
    (
        "a batch of 2, 3 heads",
        _drawn(2, 3, 5, 4),
        _drawn(2, 3, 7, 4),
        _drawn_mask(2, 1, 5, 7),
        True,
    ),
    ("a batch, as many queries as keys", _drawn(2, 5, 3), _drawn(2, 5, 3), _drawn_mask(5, 5), True),
)


def weights_probes() -> tuple[Probe, ...]:
    """Return probes for attention weights."""
    return tuple(
        Probe(
            name, {"query": query, "key": key} | ({} if mask is None else {"mask": mask}), gradients
        )
        for name, query, key, mask, gradients in _INPUTS
    )


def attention_probes() -> tuple[Probe, ...]:
    """Return probes for attention: as for the weights, with values."""
    probes = []
    for name, query, key, mask, gradients in _INPUTS:
        # As many features as keys where there are as many queries: only then do
        # transposed values have a shape that does not give them away.
        width = key.shape[-2] if key.shape[-2] == query.shape[-2] else 2
        value = VALUES if key is KEYS and width == 2 else _drawn(*key.shape[:-1], width)
        arguments = {"query": query, "key": key, "value": value.to(key.dtype)}
        probes.append(Probe(name, arguments | _given(mask=mask), gradients))
    return tuple(probes)


def causal_probes() -> tuple[Probe, ...]:
    """Return probes for a causal mask."""
    sizes = ((2, None), (3, None), (2, 3), (2, 5), (5, 7), (1, 4))
    return tuple(
        Probe(
            f"{queries} queries" + (f", {keys} keys" if keys else ""),
            {"num_queries": queries} | _given(num_keys=keys),
        )
        for queries, keys in sizes
    )


def padding_probes() -> tuple[Probe, ...]:
    """Return probes for a padding mask."""
    cases = (([1], 3), ([2, 3], 3), ([0, 2, 5], 5), ([4, 1, 3], 7))
    return tuple(
        Probe(
            f"lengths {lengths}, {keys} keys",
            {"lengths": torch.tensor(lengths), "num_keys": keys},
        )
        for lengths, keys in cases
    )


def _given(**optional: object) -> dict[str, object]:
    """Return the optional arguments that are there."""
    return {name: value for name, value in optional.items() if value is not None}
