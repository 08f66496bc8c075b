"""Reformer: attention among tokens that hash alike. Chapter: book/approximate.md.

Kitaev et al. (2020). Queries and keys are the same vectors, keys at length one, so who
attends to whom depends on angles, and a hash of angles finds most of what matters:
sort by bucket, cut into chunks, attend inside them, and sort back.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize, pad

from attnbook.attention import check_counts, scaled_dot_product_attention


def random_rotations(
    num_rounds: int, d_head: int, num_buckets: int, generator: torch.Generator
) -> Float[Tensor, "rounds d_head half_buckets"]:
    """Return the normal draws that `lsh_buckets` hashes with.

    Args:
        num_rounds: Number of hashes.
        d_head: Width of what is hashed.
        num_buckets: Number of buckets of each hash.
        generator: What draws the numbers.

    Raises:
        ValueError: If there is no round, or num_buckets is odd or below 2.
    """
    if num_rounds < 1:
        raise ValueError(f"num_rounds must be at least 1, got num_rounds={num_rounds}")
    if num_buckets < 2 or num_buckets % 2:
        raise ValueError(
            "num_buckets must be even and at least 2, for each direction comes with its "
            f"opposite, got num_buckets={num_buckets}"
        )
    shape = (num_rounds, d_head, num_buckets // 2)
    return torch.randn(shape, generator=generator, device=generator.device)


def lsh_buckets(
    x: Float[Tensor, "*batch length d_head"],
    rotations: Float[Tensor, "rounds d_head half_buckets"],
) -> Int[Tensor, "*batch rounds length"]:
    """Return the bucket of each vector in each round: argmax of [xR, −xR].

    The direction nearest to x, among the columns of R and their opposites. Vectors at a
    small angle mostly share it; lengths do not matter. Kitaev et al. (2020), section 2.

    Args:
        x: What to hash.
        rotations: One matrix R for each round, such as `random_rotations`'s.

    Raises:
        ValueError: If x and rotations differ in width, or there is no round or bucket.
    """
    if x.shape[-1] != rotations.shape[1]:
        raise ValueError(
            "x and rotations must have the same width, "
            f"got d_head={x.shape[-1]} and d_head={rotations.shape[1]}"
        )
    if rotations.shape[0] < 1 or rotations.shape[2] < 1:
        raise ValueError(
            "rotations must hold at least one round and one direction, "
            f"got shape {tuple(rotations.shape)}"
        )
    x = x.to(torch.promote_types(x.dtype, torch.float32))  # a sum of products overflows float16
    rotated = x[..., None, :, :] @ rotations.to(x.dtype)
    return torch.cat([rotated, -rotated], dim=-1).argmax(dim=-1)


def lsh_attention(
    query_key: Float[Tensor, "*batch length d_head"],
    value: Float[Tensor, "*batch length d_value"],
    rotations: Float[Tensor, "rounds d_head half_buckets"],
    chunk_size: int,
    causal: bool = False,
) -> Float[Tensor, "*batch length d_value"]:
    """Return attention of each token to those that it meets in some round.

    Two tokens meet where they share a bucket, and the key stands in the query's chunk of
    the sorted sequence or in the one before. The result is exactly
    `shared_query_key_attention` with all other pairs hidden: a pair that meets in
    several rounds counts once. Kitaev et al. (2020), section 2 and its figure 2.

    It assumes that the keys that matter lie at a small angle to the query. It costs
    length · 2 chunk_size scores in each round. Causal or not, where a token sorts
    decides where chunks begin: a later one is never read when causal, but it can move
    earlier ones out of one another's reach.

    Args:
        query_key: Queries, and keys once they are divided by their lengths.
        value: What each position hands over.
        rotations: One matrix for each round, such as `random_rotations`'s.
        chunk_size: Number of tokens in a chunk; the last may be shorter.
        causal: Whether a token sees earlier ones only.

    Raises:
        ValueError: If there is not one value for each token, chunk_size is below 1, or
            as in `lsh_buckets`.
    """
    check_counts(query_key, value, called="token")
    if chunk_size < 1:
        raise ValueError(f"chunk_size must be at least 1, got chunk_size={chunk_size}")
    buckets = lsh_buckets(query_key, rotations)
    order = buckets.argsort(dim=-1, stable=True)  # equal buckets stay in order of position
    places = order.argsort(dim=-1)  # undoes the sort: where each token went
    dtype = torch.promote_types(query_key.dtype, torch.float32)
    # One row more, for the places before the first chunk and after the last token.
    x, v = (pad(each.to(dtype), (0, 0, 0, 1)) for each in (query_key, value))
    labels = pad(torch.stack([buckets, places // chunk_size], dim=-1), (0, 0, 0, 1), value=-1)

    outputs, totals = [], []
    for r in range(rotations.shape[0]):
        windows = _windows(order[..., r, :], chunk_size)
        fresh = _meet(labels[..., r, :, :], windows, chunk_size)
        for earlier in range(r):
            fresh &= ~_meet(labels[..., earlier, :, :], windows, chunk_size)
        output, total = _attend(x, v, windows, fresh, causal)
        back = places[..., r, :, None]
        outputs.append(output.take_along_dim(back, dim=-2))
        totals.append(total.take_along_dim(back, dim=-2))
    # Each round by its share of the sum over all keys, not all rounds alike.
    shares = torch.stack(totals).softmax(dim=0)
    return (shares * torch.stack(outputs)).sum(dim=0).to(query_key.dtype)


def shared_query_key_attention(
    query_key: Float[Tensor, "*batch length d_head"],
    value: Float[Tensor, "*batch length d_value"],
    causal: bool = False,
) -> Float[Tensor, "*batch length d_value"]:
    """Return what `lsh_attention` approximates: every token attends to every other one.

    A token is always nearest to itself, so it does not see itself, unless it sees
    nothing else. Kitaev et al. (2020), section 2.

    Args:
        query_key: Queries, and keys once they are divided by their lengths.
        value: What each position hands over.
        causal: Whether a token sees earlier ones only.

    Raises:
        ValueError: If there is not one value for each token.
    """
    check_counts(query_key, value, called="token")
    length = query_key.shape[-2]
    itself = torch.eye(length, dtype=torch.bool, device=query_key.device)
    others = (~itself).tril() if causal else ~itself
    mask = others | (itself & ~others.any(dim=-1, keepdim=True))
    return scaled_dot_product_attention(query_key, normalize(query_key, dim=-1), value, mask)


def _windows(order: Tensor, chunk_size: int) -> Tensor:
    """Return for each chunk the positions of the tokens in the chunk before, then its own."""
    length = order.shape[-1]
    padded = pad(order, (chunk_size, -length % chunk_size), value=length)
    return padded.unfold(-1, 2 * chunk_size, chunk_size)


def _meet(labels: Tensor, windows: Tensor, chunk_size: int) -> Tensor:
    """Return which tokens of each window meet in the round that the labels come from."""
    flat = windows.flatten(-2)[..., None]
    found = labels.take_along_dim(flat, dim=-2).unflatten(-2, windows.shape[-2:])
    bucket, chunk = found.unbind(dim=-1)
    alike = bucket[..., chunk_size:, None] == bucket[..., None, :]
    behind = chunk[..., chunk_size:, None] - chunk[..., None, :]
    return alike & (behind >= 0) & (behind <= 1)


def _attend(
    x: Tensor, value: Tensor, windows: Tensor, fresh: Tensor, causal: bool
) -> tuple[Tensor, Tensor]:
    """Return the outputs in sorted order, and the log of the sum that normalized each."""
    flat = windows.flatten(-2)[..., None]
    keys, values = (
        each.take_along_dim(flat, dim=-2).unflatten(-2, windows.shape[-2:]) for each in (x, value)
    )
    size = windows.shape[-1] // 2
    queries = keys[..., size:, :] / x.shape[-1] ** 0.5
    scores = queries @ normalize(keys, dim=-1).mT
    here, there = windows[..., size:, None], windows[..., None, :]
    visible = fresh & ((there < here) if causal else (there != here))
    scores = scores.masked_fill(~visible, -torch.inf)
    # A token's score for itself loses to any other, and wins where there is no other.
    scores = scores.masked_fill(there == here, torch.finfo(x.dtype).min / 2)
    output = scores.softmax(dim=-1) @ values
    return output.flatten(-3, -2), scores.logsumexp(dim=-1).flatten(-2)[..., None]
