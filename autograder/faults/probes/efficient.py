"""Inputs that tell the mistakes of the sheet `efficient` apart, from the smallest up."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from autograder.faults.model import Function, Probe
from autograder.faults.refusals import refused_or

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
    """Return probes for a sliding-window mask; the last two must be refused."""
    cases = (
        *((3, 2, None), (3, 2, False), (3, 1, None), (3, 1, False), (5, 3, None), (5, 3, False)),
        *((7, 4, True), (7, 4, False), (5, 5, None), (4, 0, None), (4, 6, None)),
    )
    return tuple(
        Probe(
            f"{queries} queries, a window of {window}"
            + (", both sides" if causal is False else ""),
            {"num_queries": queries, "window": window}
            | ({} if causal is None else {"causal": causal}),
        )
        for queries, window, causal in cases
    )


def local_attention_probes() -> tuple[Probe, ...]:
    """Return probes for attention in a window; the last two must be refused."""
    short = {
        "query": torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [2.0, 0.0]]),
        "key": torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0], [0.0, 2.0]]),
        "value": torch.tensor([[1.0, 0.0], [0.0, 1.0], [5.0, 7.0], [3.0, 2.0]]),
    }
    cases = (
        ("5 positions, a window of 2", (5, 2, 2), 2, False),
        ("6 positions, a window of 3", (6, 4, 2), 3, False),
        ("5 positions, a window of 1", (5, 2, 3), 1, False),
        ("5 positions, a window of 5", (5, 2, 3), 5, False),
        ("a batch of 2, 3 heads, 7 positions, a window of 3", (2, 3, 7, 4, 5), 3, True),
        ("a batch of 2, 9 positions, a window of 3", (2, 9, 4, 3), 3, True),
        ("a window of 0", (5, 2, 3), 0, False),
        ("a window of 6 in 5 positions", (5, 2, 3), 6, False),
    )
    return (
        Probe("4 positions, a window of 2", short | {"window": 2}),
        *(
            Probe(name, _sequence(*shape) | {"window": window}, gradients)
            for name, shape, window, gradients in cases
        ),
    )


def attend_with_cache_probes() -> tuple[Probe, ...]:
    """Return probes for attention with a cache.

    Keys are as wide as values but for the last two: only then can one be taken for the other.
    """
    hides_one = torch.tensor([[True, False, True, True, True]])
    each_its_own = torch.tensor([[True, True, False, True, True], [False] * 5])
    padded = torch.tensor([[False, True, True, True, True], [False, False, False, False, True]])
    cases: tuple[tuple[str, int, int, tuple[int, ...], Tensor | None], ...] = (
        ("1 new position, 2 in the cache", 1, 2, (2, 2), None),
        ("2 new positions, 2 in the cache", 2, 2, (2, 2), None),
        ("2 new positions, an empty cache", 2, 0, (2, 2), None),
        ("a mask that hides a key", 2, 3, (4, 4), hides_one),
        ("a mask by which one query sees nothing", 2, 3, (4, 4), each_its_own),
        ("a batch of 2, padding on the left", 2, 3, (2, 4, 4), padded[:, None]),
        ("gradients, a batch of 2", 3, 2, (2, 4, 4), padded[:, None]),
        ("a first chunk with padding", 3, 0, (2, 3, 3), padded[:, None, 2:]),
        ("values wider than keys", 3, 5, (2, 3, 4, 6), None),
        ("one position, an empty cache, values wider than keys", 1, 0, (3, 4), None),
    )
    return tuple(
        Probe(name, _with_cache(new, past, *shape) | _given_mask(mask), name.startswith("grad"))
        for name, new, past, shape, mask in cases
    )


def grouped_query_attention_probes() -> tuple[Probe, ...]:
    """Return probes for attention in groups; the last two must be refused."""
    of_each_head = _numbers(2, 4, 2, 3) > -0.5
    of_each_head[1, 2, 1] = False
    of_each_query = torch.tensor([[True, True, False], [False, True, True]])
    of_sequences = torch.tensor([[True, True, False], [True, False, False]])[:, None, None]
    cases: tuple[tuple[str, int, int, tuple[int, ...], Tensor | None], ...] = (
        ("2 heads, 1 of keys", 2, 1, (1, 1, 2, 2, 2), None),
        ("4 heads, 2 of keys", 4, 2, (1, 1, 2, 2, 1), None),
        ("2 heads, 2 of keys", 2, 2, (1, 2, 3, 4, 2), None),
        ("a mask for each query", 4, 2, (2, 2, 3, 4, 2), of_each_query),
        ("a mask for each sequence", 4, 2, (2, 2, 3, 4, 2), of_sequences),
        (
            "a mask for each head, and a query that sees nothing",
            4,
            2,
            (2, 2, 3, 4, 2),
            of_each_head,
        ),
        ("gradients, 6 heads, 3 of keys", 6, 3, (2, 3, 5, 4, 3), None),
        ("6 heads, 2 of keys", 6, 2, (2, 3, 5, 3, 4), None),
        ("3 heads, 2 of keys", 3, 2, (1, 2, 3, 7, 2), None),
        ("2 heads, 4 of keys", 2, 4, (1, 2, 3, 7, 2), None),
    )
    return tuple(
        Probe(name, _in_groups(heads, kv_heads, *sizes) | _given_mask(mask), name.startswith("gr"))
        for name, heads, kv_heads, sizes, mask in cases
    )


def trial_of_window_masks(answer: Function) -> Function:
    """Return ``answer`` as a function that tells which of the sizes a refusal names."""

    def used(num_queries: int, window: int, *causal: bool) -> Any:
        return refused_or(
            lambda *_: answer(num_queries, window, *causal), _told(window, num_queries)
        )

    return used


def trial_of_windows(answer: Function) -> Function:
    """Return ``answer`` as a function that tells which of the sizes a refusal names."""

    def used(query: Tensor, key: Tensor, value: Tensor, window: int) -> Any:
        told = _told(window, query.shape[-2])
        return refused_or(lambda *_: answer(query, key, value, window), told)

    return used


def trial_of_groups(answer: Function) -> Function:
    """Return ``answer`` as a function that tells which numbers of heads a refusal names."""

    def used(query: Tensor, key: Tensor, *others: Tensor) -> Any:
        told = (query.shape[1], key.shape[1])
        return refused_or(lambda *_: answer(query, key, *others), told)

    return used


def _told(window: int, length: int) -> tuple[int, ...]:
    """Return the sizes that a refusal must name: the length only if the window is too long."""
    return (window, length) if window > length else (window,)


def _sequence(*shape: int) -> dict[str, Tensor]:
    """Return queries, keys and values; the shape ends with the length and the two widths."""
    *batch, length, d_head, d_value = shape
    rows = _numbers(*batch, length, 2 * d_head + d_value)
    query, key, value = rows.split([d_head, d_head, d_value], dim=-1)
    return {"query": query.clone(), "key": key.clone(), "value": value.clone()}


def _with_cache(new: int, past: int, *shape: int) -> dict[str, Tensor]:
    """Return what is new and what is cached; the shape ends with the two widths."""
    *batch, d_head, d_value = shape
    given = _sequence(*batch, past + new, d_head, d_value)
    fresh = {name: x[..., past:, :].clone() for name, x in given.items()}
    cached = {f"cache_{name}": given[name][..., :past, :].clone() for name in ("key", "value")}
    return fresh | cached


def _in_groups(heads: int, kv_heads: int, *sizes: int) -> dict[str, Tensor]:
    """Return queries of every head, and keys and values of fewer."""
    batch, queries, keys, d_head, d_value = sizes
    rows = _numbers(batch, kv_heads, keys, d_head + d_value)
    key, value = rows.split([d_head, d_value], dim=-1)
    query = _numbers(batch, heads, queries, d_head)
    return {"query": query, "key": key.clone(), "value": value.clone()}


def _given_mask(mask: Tensor | None) -> dict[str, Tensor]:
    return {} if mask is None else {"mask": mask}


def _numbers(*shape: int) -> Tensor:
    """Return fixed numbers of one decimal that look random; their seed is the shape."""
    generator = torch.Generator().manual_seed(sum(n * 31**i for i, n in enumerate(shape)))
    return (10 * torch.randn(*shape, generator=generator)).round() / 10
