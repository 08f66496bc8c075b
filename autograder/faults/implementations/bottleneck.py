"""The exercises of the sheet `bottleneck` with every known mistake as a switch.

These functions are also written into notebooks (a sample class is made of them), so
each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def shift_of(scores: Tensor, dim: int, shift: str) -> Tensor:
    """Return what is subtracted from the scores before they are exponentiated."""
    if shift == "global maximum":
        return scores.max()
    if shift == "mean":
        return scores.mean(dim, keepdim=True)
    highest = scores.amax(dim, keepdim=True)
    return highest if shift == "maximum" else torch.zeros_like(highest)


def faulty_softmax(
    scores: Tensor,
    dim: int,
    *,
    shift: str = "maximum",
    axis: str = "dim",
    total: str = "along dim",
    empty: str = "zeros",
    exponential: str = "e",
    inputs: str = "kept",
    result: str = "weights",
    precision: str = "kept",
) -> Tensor:
    """Softmax with switches; correct when none is given."""
    dim = {"dim": dim, "last": -1, "first": 0}[axis]
    if precision == "float32":
        scores = scores.float()
    if shift == "clamped":
        scores = scores.clamp(max=50.0)
    if empty == "equal":
        scores = scores.clamp(min=torch.finfo(scores.dtype).min)
    moved = shift_of(scores.detach(), dim, shift)
    if empty in ("zeros", "tiny"):
        moved = moved.masked_fill(moved == -math.inf, 0.0)
    scores = scores.sub_(moved) if inputs == "changed" else scores - moved
    powers = scores.exp() if exponential == "e" else scores.exp2()
    sums = powers.sum() if total == "of everything" else powers.sum(dim, keepdim=True)
    if total == "unused":
        sums = torch.ones_like(sums)
    if total == "epsilon" or empty == "tiny":
        sums = sums + (1e-5 if total == "epsilon" else 1e-9)
    if empty == "zeros":
        sums = sums.masked_fill(sums == 0, 1.0)
    if result == "logarithms":
        logarithms = scores - sums.log()
        return logarithms.nan_to_num(0.0) if empty == "cleaned" else logarithms
    weights = powers / sums
    return weights.nan_to_num(0.0) if empty == "cleaned" else weights


def distances_of(query: Tensor, keys: Tensor, distance: str, axes: str) -> Tensor:
    """Return how far each query is from each key, in one of many ways."""
    if distance == "dot product":
        return -(query @ keys.transpose(-2, -1))
    if axes == "one matrix":
        apart = query[:, None] - keys[None]
    else:
        apart = query[..., :, None, :] - keys[..., None, :, :]
    if distance == "norm":
        norms: Tensor = torch.linalg.vector_norm(apart, dim=-1)
        return norms
    if distance == "absolute":
        return apart.abs().sum(-1)
    return apart.square().mean(-1) if distance == "mean" else apart.square().sum(-1)


def faulty_kernel_attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    temperature: float,
    *,
    distance: str = "squared",
    sign: str = "near",
    scale: str = "divided",
    over: str = "keys",
    far: str = "softmax",
    axes: str = "any",
    result: str = "mean",
) -> Tensor:
    """Kernel attention with switches; correct when none is given."""
    scales = {
        "divided": 1 / temperature,
        "multiplied": temperature,
        "ignored": 1.0,
        "doubled": 0.5 / temperature,
        "squared": 1 / temperature**2,
    }
    distances = distances_of(query, keys, distance, axes)
    scores = (distances if sign == "far" else -distances) * scales[scale]
    dim = {"keys": -1, "queries": -2, "axis 1": 1, "nothing": -1, "nearest": -1}[over]
    if over == "nearest":
        nearest = scores.argmax(-1, keepdim=True)
        weights = torch.zeros_like(scores).scatter(-1, nearest, 1.0)
    elif over == "nothing":
        weights = scores.exp()
    elif far == "softmax":
        weights = scores.softmax(dim)
    else:
        sums = scores.exp().sum(dim, keepdim=True)
        weights = scores.exp() / (sums + (1e-5 if far == "epsilon" else 0.0))
    return weights if result == "weights" else weights @ values


def faulty_additive_scores(
    query: Tensor,
    keys: Tensor,
    w_query: Tensor,
    w_key: Tensor,
    v: Tensor,
    *,
    activation: str = "tanh",
    query_map: str = "its own",
    key_map: str = "its own",
    combined: str = "sum",
    maps: str = "as they are",
    weighted: str = "by v",
    axes: str = "any",
    result: str = "scores",
) -> Tensor:
    """Additive scores with switches; correct when none is given."""
    for_query = w_query if query_map == "its own" else w_key
    for_key = w_key if key_map == "its own" else w_query
    if maps == "transposed":
        for_query, for_key = for_query.transpose(0, 1), for_key.transpose(0, 1)
    queries, offered = query @ for_query, keys @ for_key
    if activation == "before adding":
        queries, offered = queries.tanh(), offered.tanh()
    if axes == "one matrix":
        queries, offered = queries[:, None], offered[None]
    else:
        queries, offered = queries[..., :, None, :], offered[..., None, :, :]
    hidden = queries * offered if combined == "product" else queries + offered
    if activation in ("tanh", "relu"):
        hidden = hidden.tanh() if activation == "tanh" else hidden.relu()
    scores = hidden @ v if weighted == "by v" else hidden.sum(-1)
    if activation == "after v":
        scores = scores.tanh()
    if result == "weights":
        return scores.softmax(-1)
    if result == "scaled":
        return scores / math.sqrt(len(v))
    return scores.transpose(-2, -1) if result == "transposed" else scores
