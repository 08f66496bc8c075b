"""Linformer: fewer keys and values. Chapter: book/approximate.md."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from attnbook.attention import check_counts, scaled_dot_product_attention


def linformer_attention(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    key_map: Float[Tensor, "keys rank"],
    value_map: Float[Tensor, "keys rank"],
) -> Float[Tensor, "*batch queries d_value"]:
    """Return attention over ``rank`` mixtures of the keys and of the values.

    softmax(Q (EᵀK)ᵀ / √d_head) (FᵀV), with E and F the two maps. Wang et al. (2020),
    equation 7. Time and memory grow linearly with the number of keys.

    It assumes that the weights, as a matrix, have low rank: what comes out has rank
    ``rank`` at most, whatever the maps. It also assumes one fixed number of keys, the
    rows of the maps, and no order in time: a mixture holds later keys too, so it is not
    causal as it stands. A constant value stays constant only where each column of value_map
    sums to one.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over.
        key_map: How much of each key goes into each mixture.
        value_map: The same for the values.

    Raises:
        ValueError: If a map does not have a row for each key, the maps differ in rank,
            or as in `scaled_dot_product_attention`.
    """
    for name, rows in (("key_map", key_map.shape[0]), ("value_map", value_map.shape[0])):
        if rows != key.shape[-2]:
            raise ValueError(
                f"{name} must have one row for each key, got {rows} rows and {key.shape[-2]} keys"
            )
    if key_map.shape[1] != value_map.shape[1]:
        raise ValueError(
            "key_map and value_map must have the same rank, "
            f"got {key_map.shape[1]} and {value_map.shape[1]} columns"
        )
    check_counts(key, value)
    keys = key_map.mT.to(key.dtype) @ key
    values = value_map.mT.to(value.dtype) @ value
    return scaled_dot_product_attention(query, keys, values)


def pooling_map(num_keys: int, rank: int) -> Float[Tensor, "keys rank"]:
    """Return the map whose mixtures are the means of ``rank`` stretches of equal length.

    The mean pooling of Wang et al. (2020), section 4. Nothing is learned, and it is
    exact where keys and values do not change within a stretch.

    Args:
        num_keys: Number of keys.
        rank: Number of stretches.

    Raises:
        ValueError: If num_keys is not a multiple of rank.
    """
    if rank < 1 or num_keys % rank:
        raise ValueError(
            f"num_keys must be a multiple of rank, got num_keys={num_keys} and rank={rank}"
        )
    stretch = num_keys // rank
    return torch.eye(rank).repeat_interleave(stretch, dim=0) / stretch


def random_map(num_keys: int, rank: int, generator: torch.Generator) -> Float[Tensor, "keys rank"]:
    """Return a map drawn from a normal distribution of variance 1 / rank.

    It keeps lengths and angles in expectation (Johnson–Lindenstrauss): the map of the
    proofs in Wang et al. (2020), and what training may start from.

    Args:
        num_keys: Number of keys.
        rank: Number of mixtures.
        generator: What draws the numbers.

    Raises:
        ValueError: If rank is below 1.
    """
    if rank < 1:
        raise ValueError(f"rank must be at least 1, got rank={rank}")
    draws = torch.randn(num_keys, rank, generator=generator, device=generator.device)
    return draws / math.sqrt(rank)
