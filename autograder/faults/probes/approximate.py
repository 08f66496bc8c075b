"""Inputs that tell the mistakes of the sheet `approximate` apart, from the smallest up."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from autograder.faults.model import Function, Probe

QUERIES = torch.tensor([[1.0, -0.5], [0.5, 2.0], [-1.0, 1.5]])
KEYS = torch.tensor([[1.0, 0.5], [-0.5, 1.0], [2.0, -1.5]])
VALUES = torch.tensor([[1.0, 0.0], [0.0, 3.0], [5.0, -2.0]])
DIRECTIONS = torch.tensor([[1.0, 0.5], [-0.5, 1.5], [0.25, -1.0]])


def _drawn(*shape: int, seed: int = 0) -> Tensor:
    """Return fixed numbers that look random, rounded to 1/512 so that hashes do not round."""
    generator = torch.Generator().manual_seed(seed + sum(n * 31**i for i, n in enumerate(shape)))
    return (torch.randn(*shape, generator=generator) * 512).round() / 512


def trial_of_counts(answer: Function) -> Function:
    """Return ``answer`` as a function that gives a ValueError back as a text.

    The words are the learner's own and do not count: which of the inputs' sizes they name does.
    """

    def used(*arguments: Any) -> Any:
        try:
            return answer(*arguments)
        except ValueError as error:
            if hasattr(error, "status"):
                raise
            sizes = {n for each in arguments if isinstance(each, Tensor) for n in each.shape}
            named = sorted(sizes & {int(number) for number in re.findall(r"\d+", str(error))})
            return f"a ValueError that names {' and '.join(map(str, named)) or 'no size'}"

    return used


def linear_attention_probes() -> tuple[Probe, ...]:
    """Return probes for linear attention."""
    return tuple(
        Probe(name, _attended(*each, *causal), gradients)
        for name, *each, gradients, causal in _sequences()
    )


def performer_attention_probes() -> tuple[Probe, ...]:
    """Return probes for Performer's attention: as for linear attention, with a projection."""
    long = [20 * each / each.norm(dim=-1, keepdim=True) for each in (QUERIES, KEYS)]
    probes = []
    for name, *each, gradients, causal in _sequences():
        width = each[0].shape[-1]
        projection = DIRECTIONS if width == 2 else _drawn(7, width)
        probes.append(Probe(name, _attended(*each, projection, *causal), gradients))
    for causal in ((), (True,)):
        name = "long queries and keys" + (", causal" if causal else "")
        probes.append(Probe(name, _attended(*long, VALUES, DIRECTIONS / 8, *causal)))
    return tuple(probes)


def _sequences() -> list[tuple[Any, ...]]:
    """Return (what is special, query, key, value, with gradients, causal or nothing)."""
    far = KEYS / 8 - 15.5
    batch = (_drawn(2, 5, 4), _drawn(2, 5, 4, seed=1), _drawn(2, 5, 3, seed=2))
    return [
        ("one query, two keys", QUERIES[:1], KEYS[:2], VALUES[:2], False, ()),
        ("two queries, three keys", QUERIES[:2], KEYS, VALUES, False, ()),
        ("three of each", QUERIES, KEYS, VALUES, False, ()),
        ("causal", QUERIES, KEYS, VALUES, False, (True,)),
        ("keys far below zero", QUERIES, far, 1e4 * VALUES, False, ()),
        ("keys far below zero, causal", QUERIES, far, 1e4 * VALUES, False, (True,)),
        ("causal, two queries and three keys", QUERIES[:2], KEYS, VALUES, False, (True,)),
        ("a batch", *batch, True, ()),
        ("a batch, causal", *batch, True, (True,)),
    ]


def _attended(query: Tensor, key: Tensor, value: Tensor, *others: Any) -> dict[str, object]:
    """Return arguments by name: after the values a projection, if any, and whether causal."""
    named: dict[str, object] = {"query": query, "key": key, "value": value}
    for each in others:
        named["projection" if isinstance(each, Tensor) else "causal"] = each
    return named


def linformer_attention_probes() -> tuple[Probe, ...]:
    """Return probes for Linformer's attention."""
    key_map = torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.0, 2.0]])
    value_map = torch.tensor([[0.5, 1.0], [0.5, 0.0], [1.0, 0.5]])
    square = _drawn(3, 3), _drawn(3, 3, seed=1)
    five = _drawn(5, 2), _drawn(5, 2, seed=1)
    batch = _drawn(2, 7, 4), _drawn(2, 5, 4), _drawn(2, 5, 3)
    cases: tuple[tuple[str, tuple[Tensor, ...], bool], ...] = (
        ("one query, three keys", (QUERIES[:1], KEYS, VALUES, key_map, value_map), False),
        ("three queries, three keys", (QUERIES, KEYS, VALUES, key_map, value_map), False),
        ("three of everything", (*square, VALUES, *(each.flip(0) for each in square)), False),
        ("three wide, two mixtures", (*square, VALUES, key_map, value_map), False),
        ("two keys, five rows", (QUERIES[:2], KEYS[:2], VALUES[:2], *five), False),
        ("a batch", (*batch, *five), True),
    )
    names = ("query", "key", "value", "key_map", "value_map")
    return tuple(
        Probe(name, dict(zip(names, tensors, strict=True)), gradients)
        for name, tensors, gradients in cases
    )


def favor_features_probes() -> tuple[Probe, ...]:
    """Return probes for positive random features."""
    along = torch.tensor([[12.0], [100.0]]), torch.tensor([[12.0], [0.5]])
    return (
        Probe("one vector, one feature", {"x": QUERIES[:1], "projection": DIRECTIONS[:1]}),
        Probe("two vectors, three features", {"x": QUERIES[:2], "projection": DIRECTIONS}),
        Probe("long vectors along a row", dict(zip(("x", "projection"), along, strict=True))),
        Probe("a batch", {"x": _drawn(2, 5, 3), "projection": _drawn(7, 3)}, gradients=True),
    )


def lsh_buckets_probes() -> tuple[Probe, ...]:
    """Return probes for buckets."""
    compass = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    around = torch.tensor([[2.0, 1.0], [-1.0, 2.0], [-2.0, -1.0], [1.0, -2.0]])
    ties = torch.tensor([[0.0, 0.0], [1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]])
    return (
        Probe("four directions", {"x": around, "rotations": compass[None]}),
        Probe("vectors between two directions", {"x": ties, "rotations": compass[None]}),
        Probe("two rounds", {"x": around, "rotations": _drawn(2, 2, 2)}),
        Probe("two rounds, as many tokens", {"x": around[:2], "rotations": _drawn(2, 2, 3)}),
        Probe("a batch, three rounds", {"x": _drawn(2, 7, 5), "rotations": _drawn(3, 5, 4)}),
    )


def lsh_attention_probes() -> tuple[Probe, ...]:
    """Return probes for attention among tokens that hash alike."""
    pairs = torch.tensor([[2.0, 0.5], [0.5, 1.5], [1.0, -0.5], [-0.5, 2.0]])
    values = torch.tensor([[1.0, 0.0], [0.0, 3.0], [5.0, -2.0], [-4.0, 7.0]])
    compass = torch.eye(2)[None]
    one = torch.zeros(1, 2, 1)
    eight, of_eight = _drawn(8, 2), _drawn(8, 3)
    batch, of_batch = _drawn(2, 13, 4), _drawn(2, 13, 3)
    cases: tuple[tuple[str, Tensor, Tensor, Tensor, int, bool, bool], ...] = (
        ("one bucket, one chunk", pairs[:3], values[:3], one, 3, False, False),
        ("two buckets, one chunk", pairs, values, compass, 4, False, False),
        ("two buckets, chunks of one", pairs, values, compass, 1, False, False),
        ("two buckets, causal", pairs, values, compass, 2, True, False),
        ("one bucket, three chunks", eight[:6], of_eight[:6], one, 2, False, False),
        ("one bucket, three chunks, causal", eight[:6], of_eight[:6], one, 2, True, False),
        ("the same round twice", eight, of_eight, torch.cat([compass, compass]), 3, False, False),
        ("two rounds, chunks of three", eight, of_eight, _drawn(2, 2, 1), 3, False, False),
        ("two rounds, causal", eight, of_eight, _drawn(2, 2, 1), 3, True, False),
        ("a batch, three rounds", batch, of_batch, _drawn(3, 4, 2), 3, False, True),
        ("a batch, three rounds, causal", batch, of_batch, _drawn(3, 4, 2), 3, True, True),
    )
    return tuple(
        Probe(
            name,
            {"query_key": x, "value": value, "rotations": rotations, "chunk_size": chunk_size}
            | ({"causal": True} if causal else {}),
            gradients,
        )
        for name, x, value, rotations, chunk_size, causal, gradients in cases
    )
