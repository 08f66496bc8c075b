"""Inputs that tell the mistakes of the sheet `efficient` apart, from the smallest up."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.faults.model import Probe

NOTHING = -math.inf


def _rounded(*shape: int, seed: int = 0) -> Tensor:
    """Return fixed numbers that look random, and are short to read."""
    generator = torch.Generator().manual_seed(sum(n * 31**i for i, n in enumerate((*shape, seed))))
    return torch.randn(*shape, generator=generator).mul(10).round() / 10


def attention_flops_probes() -> tuple[Probe, ...]:
    """Return probes for attention_flops: the smallest sizes that tell formulas apart."""
    plain = ((1, 1, 1, 1), (2, 3, 4, 1), (3, 2, 5, 1), (2, 3, 4, 3))
    causal = ((3, 3, 2, 1), (2, 5, 3, 1), (5, 2, 3, 1), (1, 7, 2, 1), (5, 7, 3, 2))
    names = ("num_queries", "num_keys", "d_head", "num_heads", "causal")
    cases = [(*sizes, False) for sizes in plain] + [(*sizes, True) for sizes in causal]
    return tuple(
        Probe(
            f"{queries} queries, {keys} keys, width {width}"
            + (f", {heads} heads" if heads > 1 else "")
            + (", causal" if hidden else ""),
            dict(zip(names, (queries, keys, width, heads, hidden), strict=True)),
        )
        for queries, keys, width, heads, hidden in cases
    )


def online_softmax_probes() -> tuple[Probe, ...]:
    """Return probes for online_softmax."""
    cases = (
        ("rising scores, blocks of 2", [[1.0, 2.0, 3.0, 5.0]], 2),
        ("falling scores, blocks of 2", [[5.0, 2.0, 1.0, 0.0]], 2),
        ("a last block of 1", [[1.0, 0.0, 2.0, 1.0, 3.0]], 2),
        ("a block for each score", [[1.0, 3.0, 2.0]], 1),
        ("one block for all", [[1.0, 3.0, 2.0]], 5),
        ("negative scores that rise", [[-9.0, -5.0, -2.0, -1.0, -1.5]], 2),
        ("scores of a thousand, falling", [[1000.0, 999.0, 1.0, 0.0, -1000.0]], 2),
        ("scores of a thousand, rising", [[-1000.0, 0.0, 999.0, 1000.0, 998.0]], 2),
        ("scores of minus a thousand", [[-1000.0, -1001.0, -999.0, -1002.0, -1000.0]], 2),
        ("two rows far apart", [[0.0, 1.0, 2.0, 0.0], [1000.0, 1002.0, 1001.0, 1000.0]], 2),
        ("a first block of minus infinity", [[NOTHING, NOTHING, 1.0, 2.0, 0.0]], 2),
        ("a row of minus infinity", [[1.0, 2.0, 3.0], [NOTHING, NOTHING, NOTHING]], 2),
    )
    probes = [
        Probe(name, {"scores": torch.tensor(scores), "block_size": size})
        for name, scores, size in cases
    ]
    empty = torch.tensor([[1.0, 2.0, 3.0], [NOTHING, NOTHING, NOTHING], [1.0, NOTHING, 2.0]])
    plain = torch.tensor([[1.0, 2.0, 3.0, 5.0, 4.0]])
    for name, scores in (("float16", plain.half()), ("float64", plain.double())):
        probes.append(Probe(name, {"scores": scores, "block_size": 2}))
    return (
        *probes,
        Probe("gradients", {"scores": _rounded(2, 7), "block_size": 3}, gradients=True),
        Probe("gradients beside an empty row", {"scores": empty, "block_size": 2}, gradients=True),
        Probe("a batch of 2, 3 rows", {"scores": _rounded(2, 3, 5), "block_size": 2}),
        Probe("blocks of 0", {"scores": plain[:, 1:], "block_size": 0}),
        Probe("blocks of -1", {"scores": plain[:, 1:], "block_size": -1}),
    )


def tiled_attention_probes() -> tuple[Probe, ...]:
    """Return probes for tiled_attention.

    Values are mostly as wide as queries, for else a wrong width would hide all else.
    """
    return (*_plain_tiles(), *_causal_tiles(), *_masked_tiles(), *_tiles_of_many())


def _tile(
    query: list[list[float]],
    key: list[list[float]],
    value: list[list[float]],
    block_size: int,
    *others: object,
) -> dict[str, object]:
    """Return arguments of tiled_attention."""
    tensors = [torch.tensor(each) for each in (query, key, value)]
    names = ("query", "key", "value", "block_size", "causal", "mask")
    return dict(zip(names, (*tensors, block_size, *others), strict=False))


# Keys whose scores with ONE or TWO rise, so that the maximum changes from tile to tile.
ONE, TWO = [[2.0, 0.0]], [[2.0, 0.0], [1.0, 1.0]]
RISING = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [3.5, 1.0]]
VALUES = [[1.0, 0.0], [0.0, 1.0], [2.0, 3.0], [5.0, 1.0], [4.0, 7.0]]
LOW = [[-a, b] for a, b in RISING]


def _large(keys: list[list[float]], factor: float = 400.0) -> list[list[float]]:
    return [[factor * a, b] for a, b in keys]


def _plain_tiles() -> list[Probe]:
    other = [[1.0, 0.0], [0.0, 0.0], [-1.0, 1.0]]
    wide = [[*row, 2.0 * row[0] + 1.0] for row in VALUES]
    first_high = [RISING[4], RISING[0], RISING[1], RISING[0]]
    below = [[-2.0, 0.0], [-2.5, 1.0], [-1.9, 0.0], [-2.2, 1.0]]
    above = [[-a, b] for a, b in below]
    return [
        Probe("one query, 4 keys that rise", _tile(ONE, RISING[:4], VALUES[:4], 2)),
        Probe("one query, 4 keys that fall", _tile(ONE, LOW[:4], VALUES[:4], 2)),
        Probe("a last tile of 1 key", _tile(TWO, RISING, VALUES, 2)),
        Probe("a last tile of 1 query", _tile([*TWO, [0.5, 0.0]], RISING[:4], VALUES[:4], 2)),
        Probe("tiles of 1", _tile(TWO, RISING[:3], VALUES[:3], 1)),
        Probe("one tile for all", _tile(TWO, other, VALUES[:3], 7)),
        Probe("scores of a thousand, rising", _tile(ONE, _large(RISING), VALUES, 2)),
        Probe("scores of a thousand, falling", _tile(ONE, _large(first_high), VALUES[:4], 2)),
        Probe("scores of minus a thousand", _tile(TWO, _large(below), VALUES[:4], 2)),
        Probe("scores of a thousand, two queries", _tile(TWO, _large(above), VALUES[:4], 2)),
        Probe("values wider than queries", _tile(TWO, RISING, wide, 2)),
        Probe("tiles of 0", _tile(TWO, RISING, VALUES, 0)),
        Probe("tiles of -1", _tile(TWO, RISING, VALUES, -1)),
    ]


def _causal_tiles() -> list[Probe]:
    more = [*TWO, [0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]
    return [
        Probe("causal, 3 positions", _tile(more[:3], RISING[:3], VALUES[:3], 2, True)),
        Probe("causal, 5 positions", _tile(more, RISING, VALUES, 2, True)),
        Probe("causal, 2 queries, 5 keys", _tile(TWO, RISING, VALUES, 2, True)),
        Probe("causal, 4 queries, 2 keys", _tile(more[:4], RISING[:2], VALUES[:2], 2, True)),
    ]


def _masked_tiles() -> list[Probe]:
    more = [*TWO, [0.5, 0.5], [0.0, 1.0]]
    partly = torch.tensor([[True, False, True, True], [False, True, True, False]])
    late = torch.tensor([[False, False, True, True], [False, False, True, False]])
    padding = torch.tensor([[True, True, False, True]])
    empty = torch.cat([partly[:1], torch.tensor([[False] * 4]), partly[1:], padding])
    others = torch.cat([partly, padding, late[:1]])
    four = (RISING[:4], VALUES[:4], 2)
    return [
        Probe("a mask", _tile(TWO, *four, False, partly)),
        Probe("a mask that hides the first tile", _tile(TWO, *four, False, late)),
        Probe("a mask, 4 queries", _tile(more, *four, False, others)),
        Probe("one query that sees nothing", _tile(ONE, *four, False, torch.zeros(1, 4) > 0)),
        Probe("a query among others that sees nothing", _tile(more, *four, False, empty)),
        Probe("a mask of one row", _tile(more, *four, False, padding)),
        Probe("a mask, causal", _tile(more, *four, True, others)),
    ]


def _tiles_of_many() -> list[Probe]:
    drawn = [_rounded(2, 5, 4), _rounded(2, 7, 4), _rounded(2, 7, 4, seed=1)]
    names = ("query", "key", "value")
    short = dict(zip(names, (each[0, :5].half() for each in drawn), strict=True))
    double = dict(zip(names, (each[0, :5].double() for each in drawn), strict=True))
    whole = dict(zip(names, drawn, strict=True)) | {"block_size": 3}
    mask = _rounded(2, 5, 7) > -0.4
    mask[:, 1] = False
    return [
        Probe("float16", short | {"block_size": 2}),
        Probe("float64", double | {"block_size": 2}),
        Probe("a batch of 2, gradients", whole, gradients=True),
        Probe(
            "gradients beside a query that sees nothing",
            whole | {"causal": True, "mask": mask},
            gradients=True,
        ),
    ]


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
