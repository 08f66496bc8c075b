"""Masks: who may attend to whom. True means "may attend". Chapter: book/attention.md."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def causal_mask(num_queries: int, num_keys: int | None = None) -> Bool[Tensor, "queries keys"]:
    """Return the mask that lets each query see its own position and earlier ones.

    The last query stands at the last key, so with more keys than queries (earlier
    keys in a cache) every query also sees the keys that came before.

    Vaswani et al. (2017), section 3.2.3.

    Args:
        num_queries: Number of queries.
        num_keys: Number of keys; as many as queries if not given.

    Raises:
        ValueError: If a count is negative.
    """
    num_keys = num_queries if num_keys is None else num_keys
    if num_queries < 0 or num_keys < 0:
        raise ValueError(
            "a number of positions must not be negative, "
            f"got num_queries={num_queries} and num_keys={num_keys}"
        )
    everything = torch.ones(num_queries, num_keys, dtype=torch.bool)
    return everything.tril(diagonal=num_keys - num_queries)


def padding_mask(lengths: Int[Tensor, " batch"], num_keys: int) -> Bool[Tensor, "batch 1 1 keys"]:
    """Return the mask that hides the padding at the end of each sequence.

    The two axes of size 1 broadcast over heads and queries.

    Args:
        lengths: Number of real tokens in each sequence; 0 is allowed.
        num_keys: Length that the sequences were padded to.

    Raises:
        ValueError: If a length is negative or greater than num_keys.
    """
    if lengths.numel() and not (int(lengths.min()) >= 0 and int(lengths.max()) <= num_keys):
        raise ValueError(
            f"lengths must lie between 0 and num_keys={num_keys}, got {lengths.tolist()}"
        )
    positions = torch.arange(num_keys, device=lengths.device)
    return (positions < lengths[:, None])[:, None, None, :]
