"""Sliding-window attention without the table of all scores. Chapter: book/efficient.md."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from attnbook.attention import check_counts, scaled_dot_product_attention
from attnbook.chunks import in_chunks
from attnbook.windows import check_window


def local_attention(
    query: Float[Tensor, "*batch length d_head"],
    key: Float[Tensor, "*batch length d_head"],
    value: Float[Tensor, "*batch length d_value"],
    window: int,
) -> Float[Tensor, "*batch length d_value"]:
    """Return attention in which a query sees `window` keys, its own the last of them.

    The sequence is cut into blocks as long as the window. All that a query sees lies in its
    own block and the one before, so that 2 window scores for each query are computed, half of
    them to be hidden, instead of one for each position. Beltagy et al. (2020), section 3.1,
    describe the pattern, and appendix A an implementation in chunks that overlap.

    Args:
        query: What each position is looking for.
        key: What each position offers, as many as queries.
        value: What each position hands over when it is attended to.
        window: Number of keys that a query sees.

    Raises:
        ValueError: If the window is less than 1 or greater than the length, or the numbers of
            queries, keys and values differ.
    """
    length = query.shape[-2]
    check_counts(key, value)
    if key.shape[-2] != length:
        raise ValueError(
            "in a window there must be as many queries as keys, "
            f"got {length} queries and {key.shape[-2]} keys"
        )
    check_window(window, length)
    query, key, value = (in_chunks(x, window) for x in (query, key, value))
    context = scaled_dot_product_attention(
        query, _with_block_before(key), _with_block_before(value), _band(query)
    )
    return context.flatten(-3, -2)[..., :length, :]


def _with_block_before(x: Tensor) -> Tensor:
    """Return each block behind the one before it; zeros stand before the first."""
    before = functional.pad(x[..., :-1, :, :], (0, 0, 0, 0, 1, 0))
    return torch.cat([before, x], dim=-2)


def _band(query: Tensor) -> Tensor:
    """Return what the queries of each block may see of two blocks."""
    num_blocks, window = query.shape[-3:-1]
    queries = torch.arange(window, 2 * window, device=query.device)[:, None]
    keys = torch.arange(2 * window, device=query.device)
    band = ((keys <= queries) & (keys > queries - window)).repeat(num_blocks, 1, 1)
    band[0, :, :window] = False
    return band
