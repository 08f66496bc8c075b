"""Attention that goes on from a cache of keys and values. Chapter: book/efficient.md."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnbook.attention import check_counts, check_mask, scaled_dot_product_attention
from attnbook.masks import causal_mask, padding_mask


def attend_with_cache(
    query: Float[Tensor, "*batch new d_head"],
    key: Float[Tensor, "*batch new d_head"],
    value: Float[Tensor, "*batch new d_value"],
    cache_key: Float[Tensor, "*batch past d_head"],
    cache_value: Float[Tensor, "*batch past d_value"],
    mask: Bool[Tensor, "*#batch #new #total"] | None = None,
) -> tuple[
    Float[Tensor, "*batch new d_value"],
    Float[Tensor, "*batch total d_head"],
    Float[Tensor, "*batch total d_value"],
]:
    """Return causal attention of new positions to all so far, and the cache that holds them too.

    A prompt may come in chunks of any size: the last query stands at the last key, so the mask
    of a chunk is the lower right corner of the whole mask. Shazeer (2019), section 2.4, has
    the case of one new position. Each call copies the cache; one that serves many
    requests writes into memory set aside before.

    Args:
        query: Of the new positions.
        key: Of the new positions.
        value: Of the new positions.
        cache_key: Of the positions before; its length is 0 at first.
        cache_value: One for each key of the cache.
        mask: What else is hidden, over old and new keys: True where a query may see a key.

    Returns:
        The output of the new positions, then the keys and the values of all positions.

    Raises:
        ValueError: If the numbers of new queries and keys, or of keys and values, differ, or
            the mask does not fit.
    """
    num_new = query.shape[-2]
    if key.shape[-2] != num_new:
        raise ValueError(
            "there must be one new key for each new query, "
            f"got {num_new} queries and {key.shape[-2]} keys"
        )
    check_counts(key, value)
    check_counts(cache_key, cache_value)
    keys = torch.cat([cache_key, key], dim=-2)
    values = torch.cat([cache_value, value], dim=-2)
    visible = causal_mask(num_new, keys.shape[-2]).to(query.device)
    if mask is not None:
        check_mask(mask, torch.Size((*query.shape[:-1], keys.shape[-2])))
        visible = visible & mask
    return scaled_dot_product_attention(query, keys, values, visible), keys, values


def left_padding_mask(
    lengths: Int[Tensor, " batch"], num_keys: int
) -> Bool[Tensor, "batch 1 1 keys"]:
    """Return the mask that hides the padding at the start of each sequence.

    Prompts of different lengths that are to be continued are padded on the left, so that all
    of them end, and go on, at the same place. With a cache, num_keys counts all keys so far
    and a sequence's length grows with it.

    Args:
        lengths: Number of real tokens in each sequence; 0 is allowed.
        num_keys: Length that the sequences were padded to.

    Raises:
        ValueError: If a length is negative or greater than num_keys.
    """
    return padding_mask(lengths, num_keys).flip(-1)
