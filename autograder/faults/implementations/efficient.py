"""The exercises of the sheet `efficient` with every known mistake as a switch.

These functions are also written into notebooks (a sample class is made of them), so
each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


def faulty_attention_flops(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_online_softmax(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_tiled_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


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
        weights = softmax_of_visible(scores, visible, dim, hidden)
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
    scores: Tensor, visible: Tensor, dim: int = -1, hidden: str = "minus infinity"
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
