"""Correct answers to the sheet `efficient` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def attention_flops_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def online_softmax_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def tiled_attention_by_fill(x: Tensor) -> Tensor:
    # FILL: at least four ways to be right: einsum, loops, another order, in place on a copy.
    return x


def window_by_comparison(num_queries: int, window: int, causal: bool = True) -> Tensor:
    if window < 1 or window > num_queries:
        raise ValueError(f"need 1 <= window <= {num_queries}, got window={window}")
    i = torch.arange(num_queries).unsqueeze(1)
    j = torch.arange(num_queries).unsqueeze(0)
    if causal:
        return (j <= i) & (i < j + window)
    return torch.abs(i - j) < window


def window_by_triangles(num_queries: int, window: int, causal: bool = True) -> Tensor:
    if not 0 < window <= num_queries:
        raise ValueError(f"window={window} does not fit num_queries={num_queries}")
    above = 0 if causal else window - 1
    return torch.ones(num_queries, num_queries).tril(above).triu(1 - window).bool()


def window_by_rows(num_queries: int, window: int, causal: bool = True) -> Tensor:
    if window <= 0:
        raise ValueError(f"a window holds at least one key, got {window}")
    if window > num_queries:
        raise ValueError(f"window ({window}) is longer than the sequence ({num_queries})")
    mask = torch.zeros(num_queries, num_queries, dtype=torch.bool)
    for i in range(num_queries):
        mask[i, max(0, i - window + 1) : i + 1 if causal else i + window] = True
    return mask


def window_by_lists(num_queries: int, window: int, causal: bool = True) -> Tensor:
    if window not in range(1, num_queries + 1):
        raise ValueError(f"window {window} is not among 1 to {num_queries}")
    seen = range(window) if causal else range(1 - window, window)
    return torch.tensor([[i - j in seen for j in range(num_queries)] for i in range(num_queries)])


def window_by_difference(num_queries: int, window: int, causal: bool = True) -> Tensor:
    if window < 1 or num_queries < window:
        raise ValueError(f"got a window of {window} for {num_queries} positions")
    earlier = torch.ones(num_queries, num_queries, dtype=torch.bool).tril()
    behind = earlier ^ earlier.tril(-window)
    return behind if causal else behind | behind.T


def local_by_full_mask(query: Tensor, key: Tensor, value: Tensor, window: int) -> Tensor:
    length = query.shape[-2]
    if not 1 <= window <= length:
        raise ValueError(f"1 <= window <= length, got window={window} and length={length}")
    seen = torch.ones(length, length, dtype=torch.bool).tril().triu(1 - window)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return scores.masked_fill(~seen, -math.inf).softmax(-1) @ value


def local_by_slices(query: Tensor, key: Tensor, value: Tensor, window: int) -> Tensor:
    length = query.size(-2)
    if window <= 0 or window > length:
        raise ValueError(f"the window must be in 1..{length}, got {window}")
    parts = []
    for start in range(0, length, window):
        first, stop = max(0, start - window), min(start + window, length)
        i, j = torch.arange(start, stop)[:, None], torch.arange(first, stop)
        scores = query[..., start:stop, :] @ key[..., first:stop, :].mT / query.size(-1) ** 0.5
        hidden = (j > i) | (i - j >= window)
        weights = scores.masked_fill(hidden, -torch.inf).softmax(-1)
        parts.append(weights @ value[..., first:stop, :])
    return torch.cat(parts, dim=-2)


def local_by_unfold(query: Tensor, key: Tensor, value: Tensor, window: int) -> Tensor:
    length, d_head = query.shape[-2:]
    if window > length or window < 1:
        raise ValueError(f"{window=} does not lie between 1 and {length=}")
    pad = (0, 0, window - 1, 0)
    keys = nn.functional.pad(key, pad).unfold(-2, window, 1)
    values = nn.functional.pad(value, pad).unfold(-2, window, 1)
    scores = torch.einsum("...ld,...ldw->...lw", query / math.sqrt(d_head), keys)
    place = torch.arange(length)[:, None] + torch.arange(window) - (window - 1)
    weights = scores.masked_fill(place < 0, -math.inf).softmax(-1)
    output: Tensor = torch.einsum("...lw,...ldw->...ld", weights, values)
    return output


def local_by_offsets(query: Tensor, key: Tensor, value: Tensor, window: int) -> Tensor:
    length, d_head = query.shape[-2:]
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    if window > length:
        raise ValueError(f"window {window} > length {length}")
    positions = torch.arange(length)
    scores = [
        ((query * key.roll(back, -2)).sum(-1) / math.sqrt(d_head)).masked_fill(
            positions < back, -math.inf
        )
        for back in range(window)
    ]
    weights = torch.stack(scores).softmax(0)
    gathered = [weights[back][..., None] * value.roll(back, -2) for back in range(window)]
    return torch.stack(gathered).sum(0)


def local_by_blocks_filled_in_front(
    query: Tensor, key: Tensor, value: Tensor, window: int
) -> Tensor:
    length, d_head = query.shape[-2:]
    if length < window or window < 1:
        raise ValueError(f"got window={window} for a length of {length}")
    missing = (window - length % window) % window
    q, k, v = (
        nn.functional.pad(x, (0, 0, missing, 0)).unflatten(-2, (-1, window))
        for x in (query, key, value)
    )
    place = torch.arange(-missing, length).unflatten(0, (-1, window))
    k2, v2 = (torch.cat([x.roll(1, -3), x], dim=-2) for x in (k, v))
    place2 = torch.cat([place.roll(1, 0), place], dim=-1)
    behind = place[:, :, None] - place2[:, None, :]
    seen = (behind >= 0) & (behind < window) & (place2 >= 0)[:, None, :]
    scores = (q @ k2.transpose(-1, -2) / math.sqrt(d_head)).masked_fill(~seen, -math.inf)
    output: Tensor = (scores.softmax(-1).masked_fill(~seen, 0.0) @ v2).flatten(-3, -2)
    return output[..., missing:, :]


def cache_by_triangle(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cache_key: Tensor,
    cache_value: Tensor,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    keys, values = torch.cat([cache_key, key], -2), torch.cat([cache_value, value], -2)
    scores = query @ keys.transpose(-2, -1) / math.sqrt(query.shape[-1])
    seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(cache_key.shape[-2])
    if mask is not None:
        seen = seen & mask
    weights = scores.masked_fill(~seen, -math.inf).softmax(-1).masked_fill(~seen, 0.0)
    return weights @ values, keys, values


def cache_one_by_one(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cache_key: Tensor,
    cache_value: Tensor,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    outputs, total = [], cache_key.shape[-2] + key.shape[-2]
    for i in range(query.shape[-2]):
        cache_key = torch.cat([cache_key, key[..., i : i + 1, :]], dim=-2)
        cache_value = torch.cat([cache_value, value[..., i : i + 1, :]], dim=-2)
        scores = query[..., i : i + 1, :] @ cache_key.mT * query.shape[-1] ** -0.5
        if mask is not None:
            row = mask if mask.shape[-2] == 1 else mask[..., i : i + 1, :]
            row = row.expand(*row.shape[:-1], total)[..., : cache_key.shape[-2]]
            scores = scores.masked_fill(~row, -math.inf)
        outputs.append(scores.softmax(-1).nan_to_num() @ cache_value)
    return torch.cat(outputs, dim=-2), cache_key, cache_value


def cache_by_einsum(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cache_key: Tensor,
    cache_value: Tensor,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    past, new = cache_key.shape[-2], query.shape[-2]
    keys, values = torch.cat((cache_key, key), dim=-2), torch.cat((cache_value, value), dim=-2)
    hidden = torch.arange(past + new) > past + torch.arange(new).unsqueeze(-1)
    scores = torch.einsum("...qd,...kd->...qk", query / query.shape[-1] ** 0.5, keys)
    if mask is not None:
        hidden = hidden | mask.logical_not()
    weights = torch.nan_to_num(torch.where(hidden, -math.inf, scores).softmax(dim=-1))
    return torch.einsum("...qk,...kd->...qd", weights, values), keys, values


def cache_in_prepared_memory(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cache_key: Tensor,
    cache_value: Tensor,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    past, new = cache_key.size(-2), key.size(-2)
    keys = key.new_empty(*key.shape[:-2], past + new, key.size(-1))
    values = value.new_empty(*value.shape[:-2], past + new, value.size(-1))
    keys[..., :past, :], keys[..., past:, :] = cache_key, key
    values[..., :past, :], values[..., past:, :] = cache_value, value
    seen = torch.ones(past + new, past + new).tril()[past:] > 0
    seen = seen if mask is None else torch.logical_and(seen, mask)
    scores = (query @ keys.mT) / math.sqrt(key.size(-1))
    weights = scores.masked_fill(~seen, -math.inf).softmax(-1)
    return torch.where(seen, weights, 0.0) @ values, keys, values


def cache_by_torch(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cache_key: Tensor,
    cache_value: Tensor,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    keys, values = torch.cat([cache_key, key], dim=-2), torch.cat([cache_value, value], dim=-2)
    seen = torch.ones(query.shape[-2], keys.shape[-2], dtype=torch.bool)
    seen = seen.tril(keys.shape[-2] - query.shape[-2])
    if mask is not None:
        seen = seen & mask
    output = nn.functional.scaled_dot_product_attention(query, keys, values, attn_mask=seen)
    return output, keys, values


def groups_by_repeat_interleave(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    group, left_over = divmod(query.shape[1], key.shape[1])
    if left_over or not group:
        raise ValueError(f"{query.shape[1]} heads, {key.shape[1]} kv heads: not a multiple")
    key, value = key.repeat_interleave(group, dim=1), value.repeat_interleave(group, dim=1)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        return scores.softmax(-1) @ value
    weights = scores.masked_fill(~mask, -math.inf).softmax(-1).masked_fill(~mask, 0.0)
    return weights @ value


def groups_head_by_head(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    num_heads, num_kv_heads = query.size(1), key.size(1)
    if num_heads % num_kv_heads != 0:
        raise ValueError(f"num_kv_heads={num_kv_heads} must divide num_heads={num_heads}")
    outputs = []
    for h in range(num_heads):
        shared = h // (num_heads // num_kv_heads)
        scores = query[:, h] @ key[:, shared].mT * query.size(-1) ** -0.5
        if mask is not None:
            own = mask
            if mask.dim() == 4:
                own = mask[:, min(h, mask.size(1) - 1)]
            scores = scores.masked_fill(~own, -math.inf)
        outputs.append(scores.softmax(-1).nan_to_num() @ value[:, shared])
    return torch.stack(outputs, dim=1)


def groups_by_einsum(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    batch, heads, queries, d_head = query.shape
    kv_heads, keys = key.shape[1:3]
    if heads % kv_heads:
        raise ValueError(f"num_heads ({heads}) % num_kv_heads ({kv_heads}) must be 0")
    grouped = query.reshape(batch, kv_heads, heads // kv_heads, queries, d_head)
    scores = torch.einsum("bhgqd,bhkd->bhgqk", grouped, key) / math.sqrt(d_head)
    if mask is not None:
        seen = mask.expand(batch, heads, queries, keys).reshape(scores.shape)
        scores = scores.masked_fill(~seen, -math.inf)
    weights = torch.nan_to_num(scores.softmax(-1))
    output: Tensor = torch.einsum("bhgqk,bhkd->bhgqd", weights, value).flatten(1, 2)
    return output


def groups_by_expand(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    heads, kv_heads = query.shape[1], key.shape[1]
    if heads % kv_heads > 0:
        raise ValueError(f"got {heads} query heads for {kv_heads} heads of keys")
    k, v = (
        x[:, :, None].expand(-1, -1, heads // kv_heads, -1, -1).flatten(1, 2) for x in (key, value)
    )
    scores = (query / query.shape[-1] ** 0.5) @ k.mT
    if mask is not None:
        scores = torch.where(mask, scores, -math.inf)
    output: Tensor = scores.softmax(-1).nan_to_num() @ v
    return output


def groups_by_torch(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    if query.shape[1] % key.shape[1]:
        raise ValueError(f"{query.shape[1]} is no multiple of {key.shape[1]}")
    return nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, enable_gqa=True
    )
