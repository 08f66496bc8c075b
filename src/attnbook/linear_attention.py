"""Linear attention: a kernel in place of the softmax. Chapter: book/approximate.md.

Katharopoulos et al. (2020). The weight of a key is φ(q)·φ(k) with φ(x) = elu(x) + 1,
divided by the sum over the keys. Without a softmax in between, the product of three
matrices may be taken in any order. The forms below give the same result:

=========  ==================================  ============================
form       order                               what it costs for n tokens
=========  ==================================  ============================
parallel   (φ(Q) φ(K)ᵀ) V                      n² weights
recurrent  one token at a time, from a state   n steps, a state of fixed size
chunked    parallel inside chunks, recurrent   n · chunk_size weights, few
           between them                        steps: the one to train with
=========  ==================================  ============================

It assumes that no query needs to single out one key: a weight grows in proportion to
the query, not exponentially, so no scale of the query makes the weights sharp.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from attnbook.attention import check_counts, check_widths
from attnbook.chunks import in_chunks


def feature_map(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return elu(x) + 1, which is never negative.

    Katharopoulos et al. (2020), equation 7.
    """
    # exp(x), not elu(x) + 1, below zero: 1 + (exp(x) - 1) would round to 0 from -17 on.
    return torch.where(x > 0, x + 1, x.clamp(max=0).exp())


def linear_attention(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    causal: bool = False,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return for each query the mean of the values, weighted by φ(q)·φ(k).

    Time and memory grow linearly with the length.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over.
        causal: Whether a query sees its own and earlier positions only. Then there
            must be as many queries as keys.

    Raises:
        ValueError: If query and key differ in width, key and value in number, or,
            when causal, query and key in number.
    """
    if causal:
        return chunked_linear_attention(query, key, value, chunk_size=64)
    q, k, v = _prepared(query, key, value)
    return _normalized(q @ (k.mT @ v)).to(query.dtype)


def parallel_linear_attention(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    causal: bool = False,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return `linear_attention` by way of all weights: one for each query and key."""
    q, k, v = _prepared(query, key, value)
    weights = q @ k.mT
    if causal:
        check_causal(query, key)
        weights = weights.tril()
    return _normalized(weights @ v).to(query.dtype)


def recurrent_linear_attention(
    query: Float[Tensor, "*batch length d_head"],
    key: Float[Tensor, "*batch length d_head"],
    value: Float[Tensor, "*batch length d_value"],
    state: Float[Tensor, "*batch d_head d_value+1"] | None = None,
) -> tuple[Float[Tensor, "*batch length d_value"], Float[Tensor, "*batch d_head d_value+1"]]:
    """Return causal `linear_attention` and the state after the last token.

    The state is the sum of φ(k) vᵀ over the keys read so far, with the sum of φ(k) as
    its last column. It stands in for a cache of keys and values, and does not grow.

    Args:
        query: One row for each new token.
        key: One row for each new token.
        value: One row for each new token.
        state: What an earlier call returned; nothing has been read if not given.

    Raises:
        ValueError: As in `linear_attention`.
    """
    check_causal(query, key)
    q, k, v = _prepared(query, key, value)
    state = k.new_zeros(*k.shape[:-2], k.shape[-1], v.shape[-1]) if state is None else state
    outputs = [q.new_empty(*q.shape[:-2], 0, value.shape[-1])]
    for q_t, k_t, v_t in zip(*(each.split(1, dim=-2) for each in (q, k, v)), strict=True):
        state = state + k_t.mT @ v_t
        outputs.append(_normalized(q_t @ state))
    return torch.cat(outputs, dim=-2).to(query.dtype), state


def chunked_linear_attention(
    query: Float[Tensor, "*batch length d_head"],
    key: Float[Tensor, "*batch length d_head"],
    value: Float[Tensor, "*batch length d_value"],
    chunk_size: int,
) -> Float[Tensor, "*batch length d_value"]:
    """Return causal `linear_attention`, computed chunk by chunk.

    Inside a chunk every weight is computed; what came before it is one state.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over.
        chunk_size: Number of positions in a chunk; the last may be shorter.

    Raises:
        ValueError: If chunk_size is below 1, or as in `linear_attention`.
    """
    check_causal(query, key)
    q, k, v = (in_chunks(each, chunk_size) for each in _prepared(query, key, value))
    inside = (q @ k.mT).tril() @ v
    states = k.mT @ v
    # The state before a chunk is the sum of those before it: one step behind.
    before = pad(states[..., :-1, :, :], (0, 0, 0, 0, 1, 0)).cumsum(dim=-3)
    output = _normalized(inside + q @ before).flatten(-3, -2)
    return output[..., : query.shape[-2], :].to(query.dtype)


def check_causal(query: Tensor, key: Tensor) -> None:
    """Raise ValueError if there are not as many queries as keys."""
    if query.shape[-2] != key.shape[-2]:
        raise ValueError(
            "causal attention needs as many queries as keys, "
            f"got {query.shape[-2]} queries and {key.shape[-2]} keys"
        )


def _prepared(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return φ(query), φ(key), and value with a column of ones: that one sums the weights."""
    check_widths(query, key)
    check_counts(key, value)
    # Sums over many keys overflow float16, so they are taken in float32 at least.
    dtype = torch.promote_types(query.dtype, torch.float32)
    ones = pad(value.to(dtype), (0, 1), value=1.0)
    return feature_map(query.to(dtype)), feature_map(key.to(dtype)), ones


def _normalized(sums: Tensor) -> Tensor:
    """Return the weighted sums over their last column, zeros where no key has any weight."""
    total = sums[..., -1:]
    return sums[..., :-1] / torch.where(total > 0, total, 1.0)
