"""Sliding-window attention without the table of all scores. Chapter: book/efficient.md."""

import torch
from jaxtyping import Bool, Float
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
    return _attend_in_blocks(query, key, value, window, ahead=0)


def two_sided_local_attention(
    query: Float[Tensor, "*batch length d_head"],
    key: Float[Tensor, "*batch length d_head"],
    value: Float[Tensor, "*batch length d_value"],
    window: int,
) -> Float[Tensor, "*batch length d_value"]:
    """Return attention in which a query sees the keys closer than `window`, on both sides.

    As `local_attention`, with the block behind too: 3 window scores for each query, of which
    2 window - 1 count.

    Args:
        query: What each position is looking for.
        key: What each position offers, as many as queries.
        value: What each position hands over when it is attended to.
        window: Number of keys that a query sees on each side, its own included.

    Raises:
        ValueError: As in `local_attention`.
    """
    return _attend_in_blocks(query, key, value, window, ahead=1)


def _attend_in_blocks(query: Tensor, key: Tensor, value: Tensor, window: int, ahead: int) -> Tensor:
    """Let each block of queries attend to its own block, one before it and ``ahead`` after it."""
    length = query.shape[-2]
    check_counts(key, value)
    if key.shape[-2] != length:
        raise ValueError(
            "in a window there must be as many queries as keys, "
            f"got {length} queries and {key.shape[-2]} keys"
        )
    check_window(window, length)
    query, key, value = (in_chunks(x, window) for x in (query, key, value))
    band = _band(query.shape[-3], window, length, ahead).to(query.device)
    context = scaled_dot_product_attention(
        query, _with_neighbors(key, ahead), _with_neighbors(value, ahead), band
    )
    return context.flatten(-3, -2)[..., :length, :]


def _with_neighbors(x: Tensor, ahead: int) -> Tensor:
    """Return each block between its neighbors; zeros stand where there is none."""
    num_blocks = x.shape[-3]
    padded = functional.pad(x, (0, 0, 0, 0, 1, ahead))
    shifted = [padded[..., start : start + num_blocks, :, :] for start in range(2 + ahead)]
    return torch.cat(shifted, dim=-2)


def _band(num_blocks: int, window: int, length: int, ahead: int) -> Bool[Tensor, "blocks _ keys"]:
    """Return what the queries of each block may see of the blocks around it."""
    own = torch.arange(num_blocks)[:, None] * window
    queries = (own + torch.arange(window))[:, :, None]
    keys = (own + torch.arange(-window, (1 + ahead) * window))[:, None, :]
    distance = queries - keys
    near = (distance.abs() < window) if ahead else (distance >= 0) & (distance < window)
    return near & (keys >= 0) & (keys < length)
