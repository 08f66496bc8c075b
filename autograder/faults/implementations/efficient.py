"""The exercises of the sheet `efficient` with every known mistake as a switch.

These functions are also written into notebooks (a sample class is made of them), so
each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


def faulty_attention_flops(
    num_queries: int,
    num_keys: int,
    d_head: int,
    num_heads: int = 1,
    causal: bool = False,
    *,
    counted: str = "all",
    heads: str = "each",
    pairs: str = "seen",
    width: str = "once",
    kind: str = "int",
) -> int | float:
    """Return the FLOPs of attention, or what comes out of a mistake."""
    if pairs == "queries twice":
        num_keys = num_queries
    if pairs == "keys twice":
        num_queries = num_keys
    seen, rows = num_queries * num_keys, num_queries
    if causal and pairs != "all":
        seen, rows = causal_pairs(num_queries, num_keys, pairs), min(num_queries, num_keys)
    features = d_head * d_head if width == "squared" else d_head
    flops = {
        "half": 2 * seen * features,
        "a quarter": seen * features,
        "one addition less": seen * (2 * features - 1) + (2 * seen - rows) * features,
    }.get(counted, 4 * seen * features)
    if heads == "each":
        flops *= num_heads
    return float(flops) if kind == "float" else flops


def causal_pairs(num_queries: int, num_keys: int, pairs: str) -> int:
    """Return how many pairs a causal mask lets through, or what is taken for it."""
    rows = min(num_queries, num_keys)
    if pairs == "half":
        return num_queries * num_keys // 2
    if pairs == "first corner":
        return rows * (rows + 1) // 2 + (num_queries - rows) * num_keys
    if pairs == "triangle of queries":
        return num_queries * (num_queries + 1) // 2
    if pairs == "triangle of keys":
        return num_keys * (num_keys + 1) // 2
    if pairs == "less than nothing":
        return num_queries * (2 * num_keys - num_queries + 1) // 2
    seen = rows * (2 * num_keys - rows + 1) // 2
    return seen - rows if pairs == "not itself" else seen


def refuse_block_size(block_size: int, blocks: str) -> None:
    """Raise an error if a block holds nothing, unless that is the mistake."""
    if block_size < 1 and blocks != "empty ones pass":
        told = "" if blocks == "empty ones not named" else f", got block_size={block_size}"
        raise ValueError(f"block_size must be at least 1{told}")


def part_that_is_read(length: int, block_size: int, shorter: bool) -> int:
    """Return how many positions are read if a last, shorter block is read or is not."""
    return length if shorter else length // block_size * block_size


def largest_so_far(block: Tensor, highest: Tensor, largest: str) -> Tensor:
    """Return what exponentials are shifted by once a block of scores has been read."""
    top = block.detach().amax(dim=-1, keepdim=True)
    if largest == "none":
        return torch.zeros_like(highest)
    if largest == "last block":
        return top
    if largest == "of all rows":
        top = top.amax().expand(top.shape)
    return torch.maximum(highest, top)


def finite(highest: Tensor, empty: str) -> Tensor:
    """Return 0 for the maximum of nothing, unless that is the mistake."""
    if empty in ("nan in a block", "nan in a block, cleaned"):
        return highest
    return highest.masked_fill(highest == -math.inf, 0.0)


def divisor(summed: Tensor, empty: str) -> Tensor:
    """Return 1 for the sum of nothing, unless that is the mistake."""
    if empty in ("nan at the end", "nan at the end, cleaned"):
        return summed
    return summed.masked_fill(summed == 0, 1.0)


def rescaling(highest: Tensor, base: Tensor, total: str) -> Tensor:
    """Return the factor for what was summed up under an earlier maximum."""
    if total == "kept":
        return torch.ones_like(base)
    if total == "the wrong way":
        # The first block has nothing to rescale, and no maximum before it.
        return (base - highest).masked_fill(highest == -math.inf, 0.0).exp()
    return (highest - base).exp()


def handed_over(answer: Tensor, given: Tensor, result: str) -> Tensor:
    """Return an answer as it should be handed over, or as a mistake does it."""
    if result == "input changed":
        given.mul_(0.5)
    if result == "cut from the graph":
        answer = answer.detach()
    return answer.float() if result == "always float32" else answer.to(given.dtype)


def faulty_online_softmax(
    scores: Tensor,
    block_size: int,
    *,
    largest: str = "running",
    total: str = "rescaled",
    blocks: str = "all",
    empty: str = "zeros",
    result: str = "right",
) -> Tensor:
    """Return a softmax whose sum is found block by block, or what comes out of a mistake."""
    refuse_block_size(block_size, blocks)
    wide = scores.to(torch.promote_types(scores.dtype, torch.float32))
    shorter = blocks not in ("last not summed", "last left out")
    read = part_that_is_read(scores.shape[-1], block_size, shorter)
    parts = [wide[..., i : min(i + block_size, read)] for i in range(0, read, block_size)]
    highest, summed, weights = one_pass(parts, wide, largest, total, empty)
    if total not in ("each block by itself", "so far"):
        weights = (wide - finite(highest, empty)).exp()
    if total not in ("each block by itself", "so far", "never divided by"):
        weights = weights / divisor(summed, empty)
    unread = wide[..., weights.shape[-1] :]
    weights = torch.cat([weights, (unread - finite(highest, empty)).exp()], dim=-1)
    if blocks == "last left out":
        weights = torch.cat([weights[..., :read], torch.zeros_like(wide[..., read:])], dim=-1)
    weights = weights.nan_to_num() if "cleaned" in empty else weights
    return handed_over(weights, scores, result)


def one_pass(
    parts: list[Tensor], wide: Tensor, largest: str, total: str, empty: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the maximum, the sum, and the weights if each block is divided on the way."""
    highest = wide.new_full((*wide.shape[:-1], 1), 0.0 if largest == "from 0" else -math.inf)
    summed, weights = torch.zeros_like(highest), [wide[..., :0]]
    for block in parts:
        grown = largest_so_far(block, highest, largest)
        base = finite(grown, empty)
        if total == "each block by itself":
            base = finite(block.detach().amax(dim=-1, keepdim=True), empty)
        exponentials = (block - base).exp()
        summed = summed * rescaling(highest, base, total)
        if total in ("each block by itself", "of the last block"):
            summed = torch.zeros_like(summed)
        summed = summed + exponentials.sum(dim=-1, keepdim=True)
        by_itself = total == "each block by itself"
        weights.append(exponentials / divisor(summed, "zeros" if by_itself else empty))
        highest = grown
    return highest, summed, torch.cat(weights, dim=-1)


def faulty_tiled_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    block_size: int,
    causal: bool = False,
    mask: Tensor | None = None,
    *,
    largest: str = "running",
    total: str = "rescaled",
    blocks: str = "all",
    order: str = "own",
    scale: str = "sqrt d_head",
    masking: str = "read",
    empty: str = "zeros",
    result: str = "right",
) -> Tensor:
    """Return attention by tiles, or what comes out of a mistake."""
    refuse_block_size(block_size, blocks)
    wide = torch.promote_types(query.dtype, torch.float32)
    factor = {"none": 1.0, "d_head": 1 / query.shape[-1]}.get(scale, query.shape[-1] ** -0.5)
    queries, keys, values = query.to(wide) * factor, key.to(wide), value.to(wide)
    hidden = -1e9 if empty == "mean of the values" else -math.inf
    order = "ignored" if not causal or (order == "off" and mask is not None) else order
    num_rows = part_that_is_read(query.shape[-2], block_size, blocks != "last queries left out")
    num_columns = part_that_is_read(key.shape[-2], block_size, blocks != "last keys left out")
    width = query.shape[-1] if result == "as wide as the query" else value.shape[-1]
    output = queries.new_zeros(*query.shape[:-1], width)
    for row in range(0, num_rows, block_size):
        rows, tiles = slice(row, min(row + block_size, num_rows)), []
        for column in range(0, num_columns, block_size):
            columns = slice(column, min(column + block_size, num_columns))
            scores = queries[..., rows, :] @ keys[..., columns, :].mT
            if order != "ignored":
                later = later_keys(rows, columns, key.shape[-2] - query.shape[-2], order)
                scores = scores.masked_fill(later, hidden)
            if mask is not None and empty != "mask ignored":
                shape = (*query.shape[:-1], key.shape[-2])
                first_keys = empty == "mask of the first keys"
                read = slice(0, columns.stop - column) if first_keys else columns
                seen = mask_of_tile(mask, shape, rows, read, masking)
                scores = scores.masked_fill(~seen, hidden)
            tiles.append((scores, values[..., columns, :]))
        if tiles:
            output[..., rows, :] = gathered(tiles, largest, total, empty)
    output = output.nan_to_num() if "cleaned" in empty else output
    return handed_over(output, query, result)


def later_keys(rows: slice, columns: slice, ahead: int, order: str) -> Tensor:
    """Return which keys of a tile are hidden as later ones."""
    first = {"one ahead": ahead + 1, "not itself": ahead - 1, "first corner": 0}.get(order, ahead)
    own = torch.arange(rows.start, rows.stop)[:, None] + first
    keys = torch.arange(columns.start, columns.stop)
    if order == "counted in each tile":
        own, keys = own - own[0], keys - keys[0]
    later = keys > own
    if order == "whole tiles":
        return (keys[0] > own[-1]).expand(later.shape)
    return later


def mask_of_tile(
    mask: Tensor, shape: tuple[int, ...], rows: slice, columns: slice, masking: str
) -> Tensor:
    """Return the part of a mask that belongs to a tile, or what is taken for it."""
    if masking != "not expanded":
        mask = mask.expand(shape)
    if masking == "first rows":
        rows = slice(0, rows.stop - rows.start)
    seen = mask[..., rows, columns]
    return ~seen if masking == "true hides" else seen


def gathered(tiles: list[tuple[Tensor, Tensor]], largest: str, total: str, empty: str) -> Tensor:
    """Return the output of a block of queries from scores and values, tile by tile."""
    scores, values = tiles[0]
    highest = scores.new_full((*scores.shape[:-1], 1), 0.0 if largest == "from 0" else -math.inf)
    summed, output = (
        torch.zeros_like(highest),
        torch.zeros_like(scores[..., :1] * values[..., :1, :]),
    )
    for scores, values in tiles:
        grown = largest_so_far(scores, highest, largest)
        base = finite(grown, empty)
        factor = rescaling(highest, base, total)
        if total == "each tile by itself":
            base = finite(scores.detach().amax(dim=-1, keepdim=True), empty)
            factor, summed = torch.ones_like(factor), torch.zeros_like(summed)
        exponentials = (scores - base).exp()
        summed = summed if total == "sum kept" else summed * factor
        output = output if total == "output kept" else output * factor
        summed = summed + exponentials.sum(dim=-1, keepdim=True)
        part = exponentials @ values
        output = output + (part / divisor(summed, "zeros") if "itself" in total else part)
        highest = grown
    undivided = total in ("each tile by itself", "never divided by")
    return output if undivided else output / divisor(summed, empty)


def faulty_sliding_window_mask(
    num_queries: int,
    window: int,
    causal: bool = True,
    *,
    width: str = "as asked",
    sides: str = "as asked",
    own: str = "seen",
    kind: str = "true sees",
    refused: str = "both ends",
) -> Tensor:
    """Sliding-window mask with switches; correct when none is given."""
    refuse_window(window, num_queries, refused)
    positions = torch.arange(num_queries)
    behind = positions[:, None] - positions
    both = {"always both": True, "always behind": False, "swapped": causal}.get(sides, not causal)
    distance = behind.abs() if both else behind
    if sides == "to the right" and causal:
        distance = -behind
    reach = {"one more": window + 1, "one less": window - 1, "twice": 2 * window}.get(width, window)
    if sides == "half" and both:
        reach = reach // 2 + 1
    near = distance < reach
    if width == "no limit":
        near |= (behind if both else distance) >= 0
    if width == "blocks":
        near &= positions[:, None] // window == positions // window
    mask = near & (distance >= 0)
    if own == "hidden":
        mask &= behind != 0
    if kind in ("float", "additive"):
        return mask.float() if kind == "float" else mask.float().log()
    return ~mask if kind == "true hides" else mask


def refuse_window(window: int, length: int, refused: str) -> None:
    """Raise for a window that cannot be, or let it pass."""
    if 1 <= window <= length:
        return
    if refused == "no values":
        raise ValueError("the window does not fit")
    if refused != ("too short passes" if window < 1 else "too long passes"):
        raise ValueError(f"a window must lie between 1 and {length}, got {window}")


def faulty_local_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    window: int,
    *,
    band: str = "window",
    neighbor: str = "before",
    partial: str = "filled",
    scale: str = "sqrt d_head",
    softmax: str = "keys",
    refused: str = "both ends",
) -> Tensor:
    """Attention by blocks with switches; correct when none is given."""
    length, d_head = query.shape[-2:]
    refuse_window(window, length, refused)
    missing = -length % window
    if missing and partial == "refused":
        raise RuntimeError(f"{length} positions are no whole number of blocks of {window}")
    if scale == "in place":
        query.div_(math.sqrt(d_head))
    divisor = {"none": 1.0, "in place": 1.0, "d_head": d_head}.get(scale, math.sqrt(d_head))
    query, key, value = (into_blocks(x, window, partial) for x in (query, key, value))
    scores = query / divisor @ with_neighbor(key, neighbor).mT
    visible = seen_in_blocks(query.shape[-3], window, band, neighbor)
    if softmax == "each block":
        halves = zip(scores.split(window, -1), visible.split(window, -1), strict=True)
        weights = torch.cat([softmax_of_visible(*half) for half in halves], dim=-1)
    else:
        dim, hidden = (
            -2 if softmax == "queries" else -1,
            "0" if softmax == "0" else "minus infinity",
        )
        weights = softmax_of_visible(scores, visible, dim, hidden=hidden)
    output: Tensor = (weights @ with_neighbor(value, neighbor)).flatten(-3, -2)
    if partial == "returned":
        return output
    return output[..., missing:, :] if partial == "in front" else output[..., :length, :]


def into_blocks(x: Tensor, window: int, partial: str) -> Tensor:
    """Return blocks as long as a window, one way or another where the last is shorter."""
    num_blocks, left_over = divmod(x.shape[-2], window)
    if left_over and partial == "cut off":
        x = x[..., :-left_over, :]
    elif left_over:
        zeros = x.new_zeros(*x.shape[:-2], window - left_over, x.shape[-1])
        x = torch.cat([zeros, x] if partial == "in front" else [x, zeros], dim=-2)
        num_blocks += 1
    blocks: Tensor = x.unflatten(-2, (num_blocks, window))
    return blocks


def with_neighbor(x: Tensor, neighbor: str) -> Tensor:
    """Return each block behind one that lies beside it."""
    if neighbor == "none":
        return x
    nothing = torch.zeros_like(x[..., :1, :, :])
    beside = torch.cat([nothing, x[..., :-1, :, :]], dim=-3)
    if neighbor == "after":
        beside = torch.cat([x[..., 1:, :, :], nothing], dim=-3)
    if neighbor == "wraps around":
        beside = x.roll(1, dims=-3)
    return torch.cat([beside, x], dim=-2)


def seen_in_blocks(num_blocks: int, window: int, band: str, neighbor: str) -> Tensor:
    """Return what the queries of each block may see of it and its neighbor."""
    queries, keys = torch.arange(window, 2 * window)[:, None], torch.arange(2 * window)
    first = {"one more": queries - window, "one less": queries - window + 2}.get(
        band, queries - window + 1
    )
    first = torch.zeros_like(queries) if band == "no lower limit" else first
    visible = (keys >= first) & ((keys <= queries) | (band == "later keys"))
    visible = visible.repeat(num_blocks, 1, 1)
    if neighbor in ("before", "after"):
        visible[0 if neighbor == "before" else -1, :, :window] = False
    visible = ~visible if band == "inverted" else visible
    return visible[..., window:] if neighbor == "none" else visible


def softmax_of_visible(
    scores: Tensor, visible: Tensor, dim: int = -1, *, hidden: str = "minus infinity"
) -> Tensor:
    """Return the softmax of what may be seen; an empty row is zero, or what comes out of it."""
    fill = {"0": 0.0, "-1e9": -1e9}.get(hidden, -math.inf)
    weights: Tensor = scores.masked_fill(~visible, fill).softmax(dim)
    return weights.masked_fill(~visible, 0.0) if hidden == "minus infinity" else weights


def faulty_attend_with_cache(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cache_key: Tensor,
    cache_value: Tensor,
    mask: Tensor | None = None,
    *,
    seen: str = "causal",
    order: str = "old first",
    returned: str = "all",
    masking: str = "both",
    hidden: str = "minus infinity",
    scale: str = "sqrt d_head",
    written: str = "values",
    empty_cache: str = "accepted",
    cache: str = "kept",
) -> Any:
    """Attention with a cache with switches; correct when none is given."""
    num_new, past, d_head = query.shape[-2], cache_key.shape[-2], query.shape[-1]
    if not past and empty_cache == "refused":
        raise IndexError("the cache is empty")
    new_value = key if written == "keys" else value
    pairs = [(cache_key, key), (cache_value, new_value)]
    keys, values = (
        torch.cat([new, old] if order == "new first" else [old, new], dim=-2) for old, new in pairs
    )
    visible = seen_with_cache(num_new, past, seen)
    if mask is not None and masking != "ignored":
        visible = {"both": visible & mask, "inverted": visible & ~mask}.get(masking, mask)
    divisor = {"none": 1.0, "d_head": d_head}.get(scale, math.sqrt(d_head))
    output = softmax_of_visible(query / divisor @ keys.mT, visible, hidden=hidden) @ values
    if cache == "overwritten":
        with torch.no_grad():
            for old, new in pairs:
                old.copy_(torch.cat([old, new], dim=-2)[..., num_new:, :])
    return {
        "output": output,
        "swapped": (output, values, keys),
        "old": (output, cache_key, cache_value),
        "new": (output, key, new_value),
    }.get(returned, (output, keys, values))


def seen_with_cache(num_new: int, past: int, seen: str) -> Tensor:
    """Return which of the old and the new keys each new query sees."""
    queries, keys = past + torch.arange(num_new)[:, None], torch.arange(past + num_new)
    if seen == "all":
        return (keys >= 0).expand(num_new, -1)
    if seen == "old alone":
        return (keys < past).expand(num_new, -1)
    if seen == "new alone":
        return (keys >= past) & (keys <= queries)
    return keys <= queries + {"from 0": -past, "one ahead": 1, "own hidden": -1}.get(seen, 0)


def faulty_grouped_query_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    sharing: str = "neighbors",
    queries: str = "each its own",
    scale: str = "sqrt d_head",
    masking: str = "true sees",
    hidden: str = "minus infinity",
    heads: str = "in order",
    refused: str = "with values",
) -> Tensor:
    """Attention in groups with switches; correct when none is given."""
    num_heads, num_kv_heads, d_head = query.shape[1], key.shape[1], query.shape[-1]
    refuse_groups(num_heads, num_kv_heads, refused)
    group = num_heads // num_kv_heads
    if scale == "in place":
        query.div_(math.sqrt(d_head))
    widths = {"none": 1, "in place": 1, "group": group, "d_head": d_head**2}
    divisor = math.sqrt(widths.get(scale, num_heads * d_head if scale == "d_model" else d_head))
    if queries == "averaged":
        query = query.unflatten(1, (num_kv_heads, group)).mean(2).repeat_interleave(group, 1)
    keys = shared_heads(key, num_heads, "neighbors" if sharing == "values tiled" else sharing)
    values = shared_heads(value, num_heads, "tiled" if sharing == "values tiled" else sharing)
    scores = query / divisor @ keys.mT
    output: Tensor
    if mask is None or masking == "ignored":
        output = scores.softmax(-1) @ values
    else:
        visible = visible_in_groups(mask, num_heads, group, masking)
        output = softmax_of_visible(scores, visible, hidden=hidden) @ values
    if heads == "transposed":
        output = output.unflatten(1, (num_kv_heads, group)).transpose(1, 2).flatten(1, 2)
    return output


def refuse_groups(num_heads: int, num_kv_heads: int, refused: str) -> None:
    """Raise for heads that cannot be shared out, or let them pass."""
    if num_heads % num_kv_heads and refused != "nothing":
        told = f": {num_heads} and {num_kv_heads}" if refused == "with values" else ""
        raise ValueError(f"the heads cannot be shared out{told}")


def shared_heads(x: Tensor, num_heads: int, sharing: str) -> Tensor:
    """Return the head of keys, or of values, that each query head reads from."""
    if sharing == "averaged":
        return x.mean(1, keepdim=True).expand(-1, num_heads, -1, -1)
    num_kv_heads, query_heads = x.shape[1], torch.arange(num_heads)
    own = query_heads // (num_heads // num_kv_heads)
    chosen = {
        "tiled": query_heads % num_kv_heads,
        "first": 0 * query_heads,
        "reversed": num_kv_heads - 1 - own,
    }
    return x[:, chosen.get(sharing, own)]


def visible_in_groups(mask: Tensor, num_heads: int, group: int, masking: str) -> Tensor:
    """Return the mask of each query head, read in one of many ways."""
    if masking == "four axes" and mask.dim() < 4:
        raise IndexError("the mask has no axis of heads")
    if masking == "first of a group" and mask.dim() == 4 and mask.shape[1] == num_heads:
        return mask[:, ::group].repeat_interleave(group, 1)
    return ~mask if masking == "true hides" else mask
