"""The exercises of the sheet `efficient` with every known mistake as a switch.

These functions are also written into notebooks (a sample class is made of them), so
each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

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


def faulty_sliding_window_mask(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_local_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_attend_with_cache(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x


def faulty_grouped_query_attention(x: Tensor, *, fill: str = "right") -> Tensor:
    """Return the right answer, or what comes out of a mistake."""
    # FILL: one switch for each thing that can be got wrong; its default is what is right.
    if fill == "wrong":
        return x + 1
    return x
