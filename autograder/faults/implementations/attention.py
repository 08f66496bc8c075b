"""The exercises of the sheet `attention` with every known mistake as a switch.

These functions are also written into notebooks (a sample class is made of them), so
each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


def masked_softmax(
    scores: Tensor, mask: Tensor, dim: int, masking: str | float, empty_row: str
) -> Tensor:
    """Softmax of what may be seen, masked in one of many ways."""
    if masking == "after the softmax":
        return scores.softmax(dim) * mask
    if masking == "renormalized":
        weights = scores.softmax(dim) * mask
        return weights / weights.sum(dim, keepdim=True)
    if masking == "added as 0 and 1":
        return (scores + mask.to(scores.dtype)).softmax(dim)
    if masking == "bias":
        return (scores + (1 - mask.float()) * -1e9).softmax(dim)
    if masking == "smallest number":
        masking = torch.finfo(scores.dtype).min
    if isinstance(masking, float):
        return scores.masked_fill(~mask, masking).softmax(dim)
    if masking == "additive":
        bias = torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(~mask, -math.inf)
        weights = (scores + bias).softmax(dim)
        return weights if empty_row == "nan" else weights.nan_to_num()
    weights = scores.masked_fill(~mask, -math.inf).softmax(dim)
    return weights if empty_row == "nan" else weights.masked_fill(~mask, 0.0)


def faulty_weights(
    query: Tensor,
    key: Tensor,
    mask: Tensor | None = None,
    *,
    operands: str = "query key",
    scale: str = "sqrt d_head",
    polarity: str = "true sees",
    masking: str | float = "minus infinity",
    softmax_over: str = "keys",
    empty_row: str = "zeros",
    inputs: str = "kept",
) -> Tensor:
    """Attention weights with switches; correct when none is given."""
    d_head, num_keys = query.shape[-1], key.shape[-2]
    root = math.sqrt(d_head)
    divisors = {"sqrt d_head": root, "none": 1, "d_head": d_head, "times": 1 / root}
    divisor = divisors.get(scale, math.sqrt(num_keys))
    query = query.div_(divisor) if inputs == "changed" else query / divisor
    scores = query @ key.transpose(-2, -1)
    if operands == "key query":
        scores = key @ query.transpose(-2, -1)
    dim = {"keys": -1, "queries": -2, "axis 1": 1}[softmax_over]
    if mask is None or masking == "ignored":
        return scores.softmax(dim)
    if polarity == "true hides":
        mask = ~mask
    return masked_softmax(scores, mask, dim, masking, empty_row)


def faulty_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    gradient: str = "flows",
    values: str = "weighted",
    returns: str = "output",
    empty_row: str = "zeros",
    **switches: Any,
) -> Tensor | tuple[Tensor, Tensor]:
    """Attention with switches, among them those of the weights; correct when none is given."""
    unrepaired = "zeros" if empty_row == "zeros" else "nan"
    weights = faulty_weights(query, key, mask, empty_row=unrepaired, **switches)
    if gradient == "detached":
        weights = weights.detach()
    if values == "transposed":
        value = value.transpose(-2, -1)
    if values == "plain mean":
        weights = torch.full_like(weights, 1 / value.shape[-2])
    output = weights @ value
    if empty_row == "output cleaned":
        output = output.nan_to_num()
    return (output, weights) if returns == "output and weights" else output


def faulty_causal_mask(
    num_queries: int,
    num_keys: int | None = None,
    *,
    triangle: str = "lower",
    diagonal: int = 0,
    corner: str = "last",
    polarity: str = "true sees",
    kind: str = "boolean",
    keys: str = "counted",
) -> Tensor:
    """Causal mask with switches; correct when none is given."""
    if num_keys is None or keys == "ignored":
        num_keys = num_queries
    offset = num_keys - num_queries if corner == "last" else 0
    everything = torch.ones(num_queries, num_keys, dtype=torch.bool)
    if triangle == "lower":
        mask = everything.tril(offset + diagonal)
    else:
        mask = everything.triu(offset - diagonal)
    if polarity == "true hides":
        mask = ~mask
    if kind == "additive":
        return torch.zeros(mask.shape).masked_fill(~mask, -math.inf)
    return mask if kind == "boolean" else mask.float()


def faulty_padding_mask(
    lengths: Tensor,
    num_keys: int,
    *,
    bound: int = 0,
    polarity: str = "true sees",
    side: str = "right",
    axes: str = "keys",
    kind: str = "boolean",
) -> Tensor:
    """Padding mask with switches; correct when none is given."""
    positions = torch.arange(num_keys)
    if side == "left":
        positions = positions.flip(0)
    mask = positions < lengths[:, None] + bound
    if polarity == "true hides":
        mask = ~mask
    if kind == "float":
        mask = mask.float()
    if axes == "none":
        return mask
    if axes == "one missing":
        return mask[:, None, :]
    return mask[:, None, :, None] if axes == "queries" else mask[:, None, None, :]
