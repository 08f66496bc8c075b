"""Correct answers to the sheet `efficient` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def flops_by_loops(
    num_queries: int, num_keys: int, d_head: int, num_heads: int = 1, causal: bool = False
) -> int:
    flops = 0
    for query in range(num_queries):
        for key in range(num_keys):
            if not causal or key <= query + num_keys - num_queries:
                flops += 2 * d_head + 2 * d_head
    return num_heads * flops


def flops_by_rows(
    num_queries: int, num_keys: int, d_head: int, num_heads: int = 1, causal: bool = False
) -> int:
    first = num_keys - num_queries + 1 if causal else num_keys
    step = 1 if causal else 0
    seen = sum(max(0, first + step * query) for query in range(num_queries))
    return 4 * d_head * num_heads * seen


def flops_by_mask(
    num_queries: int, num_keys: int, d_head: int, num_heads: int = 1, causal: bool = False
) -> int:
    table = torch.ones(num_heads, num_queries, num_keys, dtype=torch.int64)
    if causal:
        table = table.tril(num_keys - num_queries)
    return int(table.sum()) * d_head * 2 * 2


def flops_by_what_is_hidden(
    num_queries: int, num_keys: int, d_head: int, num_heads: int = 1, causal: bool = False
) -> int:
    pairs = num_queries * num_keys
    if causal and num_queries <= num_keys:
        pairs -= num_queries * (num_queries - 1) // 2
    elif causal:
        pairs = num_keys * (num_keys + 1) // 2
    return num_heads * pairs * 4 * d_head


def flops_by_products(
    num_queries: int, num_keys: int, d_head: int, num_heads: int = 1, causal: bool = False
) -> int:
    seen = num_queries * num_keys
    if causal:
        rows = min(num_queries, num_keys)
        seen = int((num_keys - rows + 1 + num_keys) * rows / 2)
    scores, outputs = 2 * seen * d_head, 2 * seen * d_head
    return (scores + outputs) * num_heads


def demand_blocks(block_size: int) -> None:
    if block_size <= 0:
        raise ValueError(f"{block_size} is no size of a block")


def online_by_chunks(scores: Tensor, block_size: int) -> Tensor:
    demand_blocks(block_size)
    highest = torch.full_like(scores[..., 0], -math.inf)
    total = torch.zeros_like(highest)
    for block in scores.split(block_size, dim=-1):
        new = torch.maximum(highest, block.max(dim=-1).values).detach()
        safe = torch.where(new.isinf(), torch.zeros_like(new), new)
        total = total * torch.exp(highest - safe) + torch.exp(block - safe[..., None]).sum(-1)
        highest = new
    safe = torch.where(highest.isinf(), torch.zeros_like(highest), highest)
    total = torch.where(total == 0, torch.ones_like(total), total)
    return torch.exp(scores - safe[..., None]) / total[..., None]


def online_by_logsumexp(scores: Tensor, block_size: int) -> Tensor:
    demand_blocks(block_size)
    hidden = scores == -math.inf
    low = scores.double().masked_fill(hidden, -1e30)
    found = [
        low[..., start : start + block_size].logsumexp(-1, keepdim=True)
        for start in range(0, low.shape[-1], block_size)
    ]
    normalizer = found[0]
    for each in found[1:]:
        normalizer = torch.logaddexp(normalizer, each)
    return (low - normalizer).exp().masked_fill(hidden, 0.0).to(scores.dtype)


def online_by_rescaled_parts(scores: Tensor, block_size: int) -> Tensor:
    # The weights themselves are rescaled, in one pass, as the output of tiles is.
    demand_blocks(block_size)
    x = scores.to(torch.promote_types(scores.dtype, torch.float32))
    highest = torch.full(x.shape[:-1], -math.inf, dtype=x.dtype).unsqueeze(-1)
    weights, total = x[..., :0], torch.zeros_like(highest)
    for start in range(0, x.shape[-1], block_size):
        block = x[..., start : start + block_size]
        new = torch.maximum(highest, block.amax(-1, keepdim=True)).detach()
        seen = new > -math.inf
        factor = torch.where(seen, highest - torch.where(seen, new, 0.0), 0.0).exp()
        part = torch.where(seen, block - torch.where(seen, new, 0.0), -math.inf).exp()
        weights, total = (
            torch.cat([weights * factor, part], -1),
            total * factor + part.sum(-1, True),
        )
        highest = new
    return (weights / total.clamp(min=0.5)).type_as(scores)


def online_one_by_one(scores: Tensor, block_size: int) -> Tensor:
    # A row at a time, with plain numbers for the maximum.
    demand_blocks(block_size)
    rows = []
    for row in scores.flatten(0, -2) if scores.dim() > 1 else scores[None]:
        highest, total = -math.inf, row.new_zeros((), dtype=torch.float64)
        for start in range(0, len(row), block_size):
            block = row[start : start + block_size].double()
            new = max(highest, float(block.detach().max()))
            if new == -math.inf:
                continue
            total = total * math.exp(highest - new) + (block - new).exp().sum()
            highest = new
        if highest == -math.inf:
            rows.append(row.masked_fill(row == -math.inf, 0.0))
        else:
            rows.append(((row.double() - highest).exp() / total).to(row.dtype))
    return torch.stack(rows).reshape(scores.shape)


def online_from_the_smallest_number(scores: Tensor, block_size: int) -> Tensor:
    demand_blocks(block_size)
    x = scores.float() if scores.dtype in (torch.float16, torch.bfloat16) else scores
    highest = x.new_full(x.shape[:-1], torch.finfo(x.dtype).min)
    total = torch.zeros_like(highest)
    for i in range(-(-x.shape[-1] // block_size)):
        block = x[..., i * block_size : (i + 1) * block_size]
        new = torch.max(highest, block.detach().amax(-1))
        total = total * (highest - new).exp() + (block - new[..., None]).exp().sum(-1)
        highest = new
    weights = (x - highest[..., None]).exp() / torch.where(total > 0, total, 1.0)[..., None]
    return weights.to(scores.dtype)


def online_by_halves(scores: Tensor, block_size: int) -> Tensor:
    # Pairs of (maximum, sum) are joined like the branches of a tree.
    demand_blocks(block_size)
    x = scores.to(torch.promote_types(scores.dtype, torch.float32))
    pairs = []
    for start in range(0, x.shape[-1], block_size):
        block = x[..., start : start + block_size]
        top = block.detach().amax(-1, keepdim=True).clamp(min=-1e30)
        pairs.append((top, (block - top).exp().sum(-1, keepdim=True)))
    while len(pairs) > 1:
        (a, sum_a), (b, sum_b) = pairs.pop(0), pairs.pop(0)
        top = torch.maximum(a, b)
        pairs.append((top, sum_a * (a - top).exp() + sum_b * (b - top).exp()))
    top, total = pairs[0]
    return ((x - top).exp() / total.masked_fill(total == 0, 1.0)).to(scores.dtype)


def seen_table(query: Tensor, key: Tensor, causal: bool, mask: Tensor | None) -> Tensor:
    queries, keys = query.shape[-2], key.shape[-2]
    seen = torch.ones(*query.shape[:-1], keys, dtype=torch.bool)
    if causal:
        seen = seen.tril(keys - queries)
    return seen if mask is None else seen & mask


def tiled_with_keys_outside(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    block_size: int,
    causal: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    # As Dao et al. (2022): all queries meet one block of keys, then the next.
    demand_blocks(block_size)
    wide = torch.promote_types(query.dtype, torch.float32)
    highest = query.new_full((*query.shape[:-1], 1), -math.inf, dtype=wide)
    total, output = torch.zeros_like(highest), torch.zeros((), dtype=wide)
    seen = seen_table(query, key, causal, mask)
    for start in range(0, key.shape[-2], block_size):
        some = slice(start, start + block_size)
        scores = query.to(wide) @ key[..., some, :].to(wide).mT / math.sqrt(query.shape[-1])
        scores = scores.masked_fill(~seen[..., some], -math.inf)
        new = torch.maximum(highest, scores.detach().amax(-1, keepdim=True))
        base = new.nan_to_num(neginf=0.0)
        weights, factor = (scores - base).exp(), (highest - base).exp()
        total = total * factor + weights.sum(-1, keepdim=True)
        output = output * factor + weights @ value[..., some, :].to(wide)
        highest = new
    return (output / torch.where(total == 0, 1.0, total)).to(query.dtype)


def tiled_by_logsumexp(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    block_size: int,
    causal: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    # Each tile's own softmax, joined by how much of the whole it is.
    demand_blocks(block_size)
    query, key, value, dtype = query.double(), key.double(), value.double(), query.dtype
    seen = seen_table(query, key, causal, mask)
    outputs, masses = [], []
    for start in range(0, key.shape[-2], block_size):
        some = slice(start, start + block_size)
        scores = query @ key[..., some, :].transpose(-2, -1) * query.shape[-1] ** -0.5
        scores = scores.masked_fill(~seen[..., some], -1e30)
        outputs.append(scores.softmax(-1) @ value[..., some, :])
        masses.append(scores.logsumexp(-1))
    share = torch.stack(masses).softmax(0).masked_fill(~seen.any(-1), 0.0)
    return (torch.stack(outputs) * share[..., None]).sum(0).to(dtype)


def tiled_in_two_passes(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    block_size: int,
    causal: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    # The maximum is known before anything is summed, so nothing is rescaled.
    demand_blocks(block_size)
    wide = torch.promote_types(query.dtype, torch.float32)
    seen, output = seen_table(query, key, causal, mask), []
    scaled = query.to(wide) / query.shape[-1] ** 0.5
    for q, s in zip(scaled.split(block_size, -2), seen.split(block_size, -2), strict=True):
        keys = [k.to(wide) for k in key.split(block_size, -2)]
        some = s.split(block_size, -1)
        tiles = [(q @ k.mT).masked_fill(~t, -torch.inf) for k, t in zip(keys, some, strict=True)]
        top = torch.stack([tile.detach().amax(-1) for tile in tiles]).amax(0)[..., None]
        parts = [(tile - top.clamp(min=-1e30)).exp() for tile in tiles]
        values = value.to(wide).split(block_size, -2)
        total = torch.stack([part.sum(-1, keepdim=True) for part in parts]).sum(0)
        row = torch.stack([p @ v for p, v in zip(parts, values, strict=True)]).sum(0)
        output.append(row / total.clamp(min=0.5))
    return torch.cat(output, -2).to(query.dtype)


def tiled_by_whole_rows(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    block_size: int,
    causal: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    # Exact and in linear memory too, but a block of queries meets all keys at once.
    demand_blocks(block_size)
    seen = seen_table(query, key, causal, mask)
    output = query.new_zeros(*query.shape[:-1], value.shape[-1])
    for start in range(0, query.shape[-2], block_size):
        some = slice(start, min(start + block_size, query.shape[-2]))
        scores = query[..., some, :] / math.sqrt(query.shape[-1]) @ key.mT
        weights = scores.masked_fill(~seen[..., some, :], -math.inf).softmax(-1)
        output[..., some, :] = weights.masked_fill(~seen[..., some, :], 0.0) @ value
    return output


def tiled_by_lists(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    block_size: int,
    causal: bool = False,
    mask: Tensor | None = None,
) -> Tensor:
    # Stops at the diagonal, and keeps the precision of the inputs.
    demand_blocks(block_size)
    num_queries, num_keys = query.shape[-2], key.shape[-2]
    seen = None if mask is None else mask.expand(*query.shape[:-1], num_keys)
    rows = []
    for i in range(0, num_queries, block_size):
        q = query[..., i : i + block_size, :] * query.shape[-1] ** -0.5
        own = torch.arange(i, i + q.shape[-2])[:, None] + num_keys - num_queries
        top = q.new_full((*q.shape[:-1], 1), -1e4)
        total, gathered = torch.zeros_like(top), q @ key[..., :0, :].mT @ value[..., :0, :]
        for j in range(0, num_keys, block_size):
            if causal and j > int(own[-1]):
                break
            k, v = key[..., j : j + block_size, :], value[..., j : j + block_size, :]
            s = torch.einsum("...qd,...kd->...qk", q, k)
            if causal:
                s = s.masked_fill(torch.arange(j, j + k.shape[-2]) > own, -torch.inf)
            if seen is not None:
                tile = seen[..., i : i + block_size, j : j + block_size]
                s = s.masked_fill(tile.logical_not(), -torch.inf)
            new = torch.maximum(top, s.amax(-1, keepdim=True).detach())
            e = torch.exp(s - new)
            total = total * (top - new).exp() + e.sum(-1, keepdim=True)
            gathered, top = gathered * (top - new).exp() + e @ v, new
        rows.append(gathered / (total + (total == 0)))
    return torch.cat(rows, dim=-2)


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
