"""Positions as a bias on the scores: the distance of query and key. Chapter: book/positions.md."""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn


def attention_with_bias(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    bias: Float[Tensor, "*#batch #queries #keys"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return attention whose scaled scores have a bias added before the softmax.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over when it is attended to.
        bias: What to add to each score, such as `alibi_bias`.
        mask: True where a query may see a key. A query that may see no key
            gets a zero output.
    """
    scores = (query / math.sqrt(query.shape[-1])) @ key.mT + bias.to(query.dtype)
    if mask is None:
        return scores.softmax(dim=-1) @ value
    weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
    return weights.masked_fill(~mask, 0.0) @ value


def alibi_bias(
    num_heads: int, num_queries: int, num_keys: int
) -> Float[Tensor, "heads queries keys"]:
    """Return a penalty that grows with distance, at a slope of its own in each head.

    The slope of head h, counted from 1, is 2^(-8h / num_heads), also where num_heads is
    no power of two. The last query stands at the last key.
    Press et al. (2022), section 3.

    Args:
        num_heads: Number of heads.
        num_queries: Number of queries.
        num_keys: Number of keys; the first of them may come from a cache.

    Raises:
        ValueError: If there is no head.
    """
    if num_heads < 1:
        raise ValueError(f"num_heads must be at least 1, got num_heads={num_heads}")
    slopes = 2.0 ** (-8 / num_heads * torch.arange(1, num_heads + 1, dtype=torch.float64))
    penalties = slopes[:, None, None] * _distances(num_queries, num_keys).abs()
    return -penalties.to(torch.get_default_dtype())


def relative_buckets(
    num_queries: int,
    num_keys: int,
    *,
    num_buckets: int = 32,
    max_distance: int = 128,
    bidirectional: bool = True,
) -> Int[Tensor, "queries keys"]:
    """Return the bucket of each distance: exact when near, coarse when far.

    Half of the buckets hold one distance each, the others grow by a constant factor,
    and the last holds everything from max_distance up. Keys before and after the query
    have buckets of their own if ``bidirectional``; otherwise all later keys share the
    query's. Raffel et al. (2020), section 2.1. The last query stands at the last key.

    Args:
        num_queries: Number of queries.
        num_keys: Number of keys.
        num_buckets: Number of buckets in all.
        max_distance: Distance from which on there is one bucket.
        bidirectional: Whether later keys have buckets of their own.

    Raises:
        ValueError: If max_distance leaves no room behind the buckets of one distance.
    """
    on_a_side = num_buckets // 2 if bidirectional else num_buckets
    exact = on_a_side // 2
    if exact < 1 or max_distance <= exact:
        raise ValueError(
            "max_distance must exceed the number of buckets of one distance, at least 1, "
            f"got max_distance={max_distance} and {exact} such buckets"
        )
    after = -_distances(num_queries, num_keys)
    distance = after.abs() if bidirectional else (-after).clamp(min=0)
    grown = (distance.clamp(min=1) / exact).log() / math.log(max_distance / exact)
    far = exact + (grown * (on_a_side - exact)).long()
    buckets = torch.where(distance < exact, distance, far.clamp(max=on_a_side - 1))
    return buckets + on_a_side * (after > 0) if bidirectional else buckets


class RelativeBias(nn.Module):
    """T5's bias: one learned number for each head and bucket of distances.

    Raffel et al. (2020), section 2.1. T5 shares one such table among all layers.

    Args:
        num_heads: Number of heads.
        num_buckets: Number of buckets in all; see `relative_buckets`.
        max_distance: Distance from which on there is one bucket.
        bidirectional: Whether later keys have buckets of their own.
    """

    def __init__(
        self,
        num_heads: int,
        *,
        num_buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_buckets, num_heads)
        self.max_distance = max_distance
        self.bidirectional = bidirectional

    def forward(self, num_queries: int, num_keys: int) -> Float[Tensor, "heads queries keys"]:
        """Return what to add to the scores of each head."""
        buckets = relative_buckets(
            num_queries,
            num_keys,
            num_buckets=self.embedding.num_embeddings,
            max_distance=self.max_distance,
            bidirectional=self.bidirectional,
        )
        return self.embedding(buckets.to(self.embedding.weight.device)).movedim(-1, 0)


def _distances(num_queries: int, num_keys: int) -> Tensor:
    """Return how far each key stands behind each query, the last query at the last key."""
    queries = torch.arange(num_keys - num_queries, num_keys)
    return queries[:, None] - torch.arange(num_keys)
