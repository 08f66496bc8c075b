"""Online softmax, and attention by tiles that builds on it. Chapter: book/efficient.md."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from attnbook.tiles import LOG2_E, Tiles, blocks, exp_, wide_dtype


def online_softmax(
    scores: Float[Tensor, "*batch keys"], block_size: int
) -> Float[Tensor, "*batch keys"]:
    """Return the softmax over the last axis, with a normalizer found in one pass over blocks.

    Milakov and Gimelshein (2018), algorithm 3. Whenever a block has a larger maximum than
    all before it, the sum so far is rescaled to the new maximum.

    Args:
        scores: A slice that is -inf everywhere gets zeros.
        block_size: How many scores to read at a time.

    Raises:
        ValueError: If block_size is less than 1.
    """
    wide = scores.to(wide_dtype(scores))
    largest = wide.new_full((*scores.shape[:-1], 1), -torch.inf)
    total = torch.zeros_like(largest)
    for columns in blocks(scores.shape[-1], block_size):
        block = wide[..., columns]
        # The result does not depend on the maximum, so no gradient needs to go through it.
        grown = torch.maximum(largest, block.detach().amax(dim=-1, keepdim=True))
        base = _finite(grown)
        total = total * (largest - base).exp() + (block - base).exp().sum(dim=-1, keepdim=True)
        largest = grown
    weights = (wide - _finite(largest)).exp() / torch.where(total > 0, total, 1.0)
    return weights.to(scores.dtype)


def tiled_attention(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    block_size: int,
    causal: bool = False,
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return scaled dot-product attention, in tiles of block_size queries and keys.

    Dao et al. (2022), algorithm 1, with the loop over queries outside; Rabe and Staats (2021)
    had the same recurrence. What it needs besides inputs and output grows with the length,
    not with its square. So it does on the way back, where each tile is computed again from
    two numbers that were kept for each query.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over when it is attended to.
        block_size: Side of a tile; the last ones may be smaller.
        causal: Whether a query sees only its own position and earlier ones; the last query
            stands at the last key. Tiles without a visible key are not computed.
        mask: True where a query may see a key. A query that may see no key
            gets a zero output.

    Raises:
        ValueError: If block_size is less than 1, or as in `scaled_dot_product_attention`.
    """
    return _TiledAttention.apply(  # type: ignore[no-untyped-call]
        query, key, value, mask, block_size, causal
    )


class _TiledAttention(torch.autograd.Function):
    """`tiled_attention` with its way back."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *options: Any
    ) -> Tensor:
        block_size, causal = options
        tiles = Tiles(query, key, value, mask, causal=causal)
        output = query.new_empty(*query.shape[:-1], value.shape[-1])
        shift, total = tiles.query.new_empty(2, *query.shape[:-1], 1)
        for rows in blocks(tiles.num_queries, block_size):
            output[..., rows, :], shift[..., rows, :], total[..., rows, :] = _attend(
                tiles, rows, block_size
            )
        ctx.save_for_backward(query, key, value, mask, output, shift, total)
        ctx.block_size, ctx.causal = block_size, causal
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, mask, *behind = ctx.saved_tensors
        tiles = Tiles(query, key, value, mask, causal=ctx.causal)
        gradients = tiles.gradients(grad, ctx.block_size, *behind)
        return (*(gradient.to(query.dtype) for gradient in gradients), None, None, None)


def _attend(tiles: Tiles, rows: slice, block_size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the output of a block of queries, with the shift and the total behind it."""
    queries = tiles.query[..., rows, :]
    shift = queries.new_full((*queries.shape[:-1], 1), -torch.inf)
    total = torch.zeros_like(shift)
    gathered = queries.new_zeros(*queries.shape[:-1], tiles.value.shape[-1])
    for columns in blocks(tiles.seen_by(rows), block_size):
        scores = tiles.scores(rows, columns)
        grown = torch.maximum(shift, LOG2_E * scores.amax(dim=-1, keepdim=True))
        base = _finite(grown)
        rescale = (shift - base).exp2_()
        weights = exp_(scores, base)
        total = total * rescale + weights.sum(dim=-1, keepdim=True)
        gathered = gathered * rescale + weights @ tiles.value[..., columns, :]
        shift = grown
    empty = total == 0
    total = total.masked_fill(empty, 1.0)
    return gathered / total, shift.masked_fill(empty, torch.inf), total


def _finite(largest: Tensor) -> Tensor:
    """Return 0 for the maximum of nothing, for -inf minus -inf would be NaN."""
    return largest.masked_fill(largest == -torch.inf, 0.0)
