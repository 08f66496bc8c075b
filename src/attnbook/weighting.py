"""Weights before dot products: softmax, a kernel's mean, additive scores.

Chapter: book/bottleneck.md.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def softmax(scores: Float[Tensor, "*shape"], dim: int) -> Float[Tensor, "*shape"]:
    """Return positive numbers that sum to 1 along ``dim``: exp(scores), normalized.

    Args:
        scores: Any numbers. A score of −inf gets exactly 0, and a slice that holds
            nothing but −inf gets zeros.
        dim: The axis that shares out the 1.
    """
    highest = scores.detach().amax(dim, keepdim=True)
    # In a slice of nothing but -inf there is no highest, and -inf minus -inf is NaN.
    highest = highest.masked_fill(highest == -torch.inf, 0.0)
    exponentials = (scores - highest).exp()
    total = exponentials.sum(dim, keepdim=True)
    return exponentials / total.masked_fill(total == 0, 1.0)


def kernel_attention(
    query: Float[Tensor, "*batch queries d"],
    keys: Float[Tensor, "*batch keys d"],
    values: Float[Tensor, "*batch keys d_value"],
    temperature: float,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return for each query the mean of the values, weighted by how near their keys are.

    The estimate of Nadaraya (1964) and Watson (1964) with a Gaussian kernel: weights
    in proportion to exp(−‖query − key‖² / temperature).

    Args:
        query: Where to estimate.
        keys: Where something was observed.
        values: What was observed there.
        temperature: Squared distance at which a weight has fallen by a factor of e.

    Raises:
        ValueError: If the temperature is not positive.
    """
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, got temperature={temperature}")
    apart = query[..., :, None, :] - keys[..., None, :, :]
    return softmax(-apart.square().sum(-1) / temperature, dim=-1) @ values


def additive_scores(
    query: Float[Tensor, "*batch queries d"],
    keys: Float[Tensor, "*batch keys d"],
    w_query: Float[Tensor, "d h"],
    w_key: Float[Tensor, "d h"],
    v: Float[Tensor, " h"],
) -> Float[Tensor, "*batch queries keys"]:
    """Return how well each query fits each key: v · tanh(query W_query + key W_key).

    Bahdanau et al. (2015), appendix A.1.2: one hidden layer, shared by all pairs.

    Args:
        query: What each position is looking for.
        keys: What each position offers.
        w_query: Map of a query to the hidden layer.
        w_key: Map of a key to the hidden layer.
        v: Weight of each hidden unit in the score.
    """
    for_queries, for_keys = query @ w_query, keys @ w_key
    hidden = (for_queries[..., :, None, :] + for_keys[..., None, :, :]).tanh()
    return hidden @ v
