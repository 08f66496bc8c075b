"""Tiled attention as one kernel for a GPU, written in Triton. Chapter: book/efficient.md.

Without a GPU Triton's interpreter runs it, slowly: see `attnbook.triton_kernels`.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from attnbook.attention import check_counts, check_widths
from attnbook.triton_kernels import INTERPRETED, forward, key_gradients, query_gradients

LOG2_E = math.log2(math.e)
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
ROWS, COLUMNS = 64, 64
MIN_WIDTH = 16  # the least that a matrix unit multiplies


def triton_attention(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    causal: bool = False,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return scaled dot-product attention; each program of the kernel owns a block of queries.

    Dao (2024), algorithm 1, with its way back. The tile of scores never leaves the chip:
    what a program writes is its rows of the output, and two numbers for each of them.
    Sums are in float32.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over when it is attended to.
        causal: Whether a query sees only its own position and earlier ones; the last query
            stands at the last key. A query that sees no key gets a zero output.

    Raises:
        ValueError: If the numbers are neither float32, float16 nor bfloat16, if the inputs differ
            in that or in their device, or as in `scaled_dot_product_attention`.
    """
    check_widths(query, key)
    check_counts(key, value)
    kinds = {(each.dtype, each.device) for each in (query, key, value)}
    if len(kinds) > 1 or query.dtype not in DTYPES:
        named = ", ".join(f"{each.dtype} on {each.device}" for each in (query, key, value))
        raise ValueError(
            "query, key and value must be all float32, all float16 or all bfloat16, "
            f"on one device, got {named}"
        )
    if INTERPRETED and query.dtype == torch.bfloat16:
        # numpy has no bfloat16, and the interpreter then multiplies the bits as integers.
        return triton_attention(query.float(), key.float(), value.float(), causal).bfloat16()
    return _TritonAttention.apply(query, key, value, causal)  # type: ignore[no-untyped-call]


class _TritonAttention(torch.autograd.Function):
    """`triton_attention` with its way back."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, causal: bool) -> Tensor:
        heads = [_as_heads(x) for x in (query, key, value)]
        output = heads[0].new_empty(*heads[0].shape[:-1], value.shape[-1])
        shift, total = output.new_empty(2, *output.shape[:-1], dtype=torch.float32)
        _launch(forward, output.shape[1], ROWS, (*heads, output, shift, total), causal)
        ctx.save_for_backward(*heads, output, shift, total)
        ctx.causal, ctx.shapes = causal, (query.shape, key.shape, value.shape)
        return output.view(*query.shape[:-1], value.shape[-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, output, shift, total = ctx.saved_tensors
        grad = _as_heads(grad)
        row_sums = (grad.float() * output).sum(dim=-1)
        given = (query, key, value, grad, shift, total, row_sums)
        gradients = [torch.empty_like(x) for x in (query, key, value)]
        _launch(query_gradients, query.shape[1], ROWS, (*given, gradients[0]), ctx.causal)
        _launch(key_gradients, key.shape[1], COLUMNS, (*given, *gradients[1:]), ctx.causal)
        return (*map(Tensor.reshape, gradients, ctx.shapes), None)


def _as_heads(x: Tensor) -> Tensor:
    """Return ``x`` with all leading axes in one, row behind row in memory."""
    return x[None].flatten(0, -3).contiguous()


def _launch(
    kernel: Any, length: int, block: int, tensors: tuple[Tensor, ...], causal: bool
) -> None:
    """Run a kernel once for each block of ``length`` and each head."""
    query, key, value = tensors[:3]
    num_heads, num_queries, width = query.shape
    sizes = (num_queries, key.shape[1], width, value.shape[-1], 1 / math.sqrt(max(width, 1)))
    padded = [max(MIN_WIDTH, 1 << (x - 1).bit_length()) for x in (width, value.shape[-1])]
    grid = (-(-length // block), num_heads)
    if 0 not in grid:
        kernel[grid](*tensors, *sizes, LOG2_E, causal, *padded, ROWS, COLUMNS)
