"""Scaled dot-product attention. Chapter: book/attention.md."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def attention_weights(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> Float[Tensor, "*batch queries keys"]:
    """Return how much each query attends to each key: softmax(QKᵀ / √d_head).

    Vaswani et al. (2017), equation 1, without the final product with V.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        mask: True where a query may see a key. A query that may see no key
            gets all-zero weights.

    Raises:
        ValueError: If query and key differ in width, or the mask is not boolean
            or does not broadcast against ``(*batch, queries, keys)``.
    """
    check_widths(query, key)
    # Scaling the query, not the product, keeps float16 scores from overflowing.
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is None:
        return scores.softmax(dim=-1)
    check_mask(mask, scores.shape)
    weights = torch.where(mask, scores, -torch.inf).softmax(dim=-1)
    # A softmax over nothing but -inf is NaN. This fill makes it zero. On the way back
    # the fill above, before the softmax, is what stops the NaN.
    return torch.where(mask, weights, 0.0)


def scaled_dot_product_attention(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return for each query the mean of the values, weighted by attention.

    Vaswani et al. (2017), equation 1: softmax(QKᵀ / √d_head) V.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over when it is attended to.
        mask: True where a query may see a key. A query that may see no key
            gets a zero output.

    Raises:
        ValueError: If key and value differ in number, or as in `attention_weights`.
    """
    check_counts(key, value)
    return attention_weights(query, key, mask) @ value


def check_widths(query: Tensor, key: Tensor) -> None:
    """Raise unless queries and keys can be multiplied."""
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            "query and key must have the same width, "
            f"got d_head={query.shape[-1]} and d_head={key.shape[-1]}"
        )


def check_counts(key: Tensor, value: Tensor, called: str = "key") -> None:
    """Raise unless each key has a value; the message calls a key what it is called."""
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(
            f"there must be one value for each {called}, "
            f"got {key.shape[-2]} {called}s and {value.shape[-2]} values"
        )


def check_mask(mask: Tensor, scores_shape: torch.Size) -> None:
    """Raise unless a mask is boolean and has room in scores of this shape."""
    if mask.dtype != torch.bool:
        raise ValueError(f"a mask must be boolean (True: may attend), got {mask.dtype}")
    axes = zip(reversed(mask.shape), reversed(scores_shape), strict=False)  # the last ones align
    if mask.dim() > len(scores_shape) or any(size not in (1, wanted) for size, wanted in axes):
        raise ValueError(
            "a mask must broadcast against (*batch, queries, keys), "
            f"got mask {tuple(mask.shape)} and scores {tuple(scores_shape)}"
        )
