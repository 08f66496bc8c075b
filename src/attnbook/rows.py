"""Attention by blocks of whole rows, for the cache of a CPU. Chapter: book/efficient.md."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from attnbook.tiles import LOG2_E, Tiles, blocks, exp_

# As measured on one core with 1 MiB of second and 32 MiB of third cache. Fewer rows at a time make
# products that are too thin; more, if causal, make more scores that are then hidden. Short rows
# of several heads go together, up to 2 MiB of float32, for each call of torch costs microseconds.
CAUSAL_ROWS, FULL_ROWS, BACKWARD_BLOCK = 128, 256, 256
SCORES = 2**19


def row_tiled_attention(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    causal: bool = False,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return scaled dot-product attention, a block of whole rows at a time.

    Rabe and Staats (2021) without the chunks of keys: a block of queries meets all the keys
    that it sees in one product, so that nothing is rescaled. Its scores stay in the CPU's
    cache, in a buffer that all blocks use; where rows are short, several heads share it. A
    causal block leaves out the keys behind its last query, which halves the work.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over when it is attended to.
        causal: Whether a query sees only its own position and earlier ones; the last query
            stands at the last key. A query that sees no key gets a zero output.

    Raises:
        ValueError: As in `scaled_dot_product_attention`.
    """
    return _RowTiledAttention.apply(query, key, value, causal)  # type: ignore[no-untyped-call]


class _RowTiledAttention(torch.autograd.Function):
    """`row_tiled_attention` with its way back, which is that of `tiled_attention`."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, causal: bool) -> Tensor:
        tiles = Tiles(query, key, value, None, causal=causal)
        output = tiles.query.new_zeros(*query.shape[:-1], value.shape[-1])
        shift = tiles.query.new_full((*query.shape[:-1], 1), torch.inf)
        total = torch.ones_like(shift)
        _attend(
            *map(_as_heads, (tiles.query, tiles.key, tiles.value, output, shift, total)),
            causal=causal,
        )
        output = output.to(query.dtype)
        ctx.save_for_backward(query, key, value, output, shift, total)
        ctx.causal = causal
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        given = [*ctx.saved_tensors, grad]
        gradients = [torch.empty_like(x, memory_format=torch.contiguous_format) for x in given[:3]]
        for each in zip(*map(_as_heads, given + gradients), strict=True):
            (query, key, value, *behind, grad), places = each[:-3], each[-3:]
            tiles = Tiles(query, key, value, None, causal=ctx.causal)
            found = tiles.gradients(grad, BACKWARD_BLOCK, *behind)
            for place, gradient in zip(places, found, strict=True):
                place.copy_(gradient)
        return (*gradients, None)


def _attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *into: Tensor,
    causal: bool,
) -> None:
    """Fill output, shift and total, block by block; ``query`` is scaled already."""
    output, shift, total = into
    num_heads, num_queries, num_keys = *query.shape[:2], key.shape[1]
    ahead = num_keys - num_queries
    size = CAUSAL_ROWS if causal else FULL_ROWS
    buffer = query.new_empty(max(SCORES, size * num_keys))
    hidden = torch.ones(size, size, dtype=torch.bool, device=query.device).triu(1)
    # Queries that stand before the first key see nothing, nor does any where there is none.
    start = max(0, -ahead) if causal or not num_keys else 0
    for block in blocks(num_queries - start, size):
        rows = slice(start + block.start, start + block.stop)
        count = rows.stop - rows.start
        seen = rows.stop + ahead if causal else num_keys
        for heads in blocks(num_heads, max(1, SCORES // (count * max(seen, 1)))):
            shape = (heads.stop - heads.start, count, seen)
            scores = buffer[: math.prod(shape)].view(shape)
            torch.bmm(query[heads, rows], key[heads, :seen].mT, out=scores)
            if causal:
                scores[..., -count:].masked_fill_(hidden[:count, :count], -torch.inf)
            shift[heads, rows] = LOG2_E * scores.amax(dim=-1, keepdim=True)
            exp_(scores, shift[heads, rows])
            total[heads, rows] = scores.sum(dim=-1, keepdim=True)
            gathered = torch.bmm(scores, value[heads, :seen])
            torch.div(gathered, total[heads, rows], out=output[heads, rows])


def _as_heads(x: Tensor) -> Tensor:
    """Return ``x`` with all leading axes in one."""
    return x[None].flatten(0, -3)
