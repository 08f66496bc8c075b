"""Performer: random features whose products are the softmax's. Chapter: book/approximate.md."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from attnbook.attention import check_counts, check_widths
from attnbook.chunks import in_chunks
from attnbook.linear_attention import check_causal

# Inside a chunk each pair of positions costs num_features numbers.
CHUNK_SIZE = 16


def orthogonal_projection(
    num_features: int, d_head: int, generator: torch.Generator
) -> Float[Tensor, "features d_head"]:
    """Return random directions, orthogonal in blocks of d_head, as long as normal draws.

    Each row by itself is a draw from the standard normal distribution. Rows of one
    block are orthogonal, which spreads them out: features of such rows have a smaller
    variance than those of independent ones. Choromanski et al. (2021).

    Args:
        num_features: Number of rows.
        d_head: Width of a row.
        generator: What draws the numbers.

    Raises:
        ValueError: If a count is below 1.
    """
    if num_features < 1 or d_head < 1:
        raise ValueError(
            "num_features and d_head must be at least 1, "
            f"got num_features={num_features} and d_head={d_head}"
        )

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)

    q, r = torch.linalg.qr(draw(-(-num_features // d_head), d_head, d_head))
    # QR fixes the signs of its columns in a way of its own. Were they left so, some
    # directions would never be drawn, and the features' products would be biased.
    directions = (q * r.diagonal(dim1=-2, dim2=-1).sign()[:, None, :]).mT.flatten(0, 1)
    # The length of a normal draw follows the chi distribution with d_head degrees.
    lengths = draw(num_features, d_head).norm(dim=-1, keepdim=True)
    return (lengths * directions[:num_features]).to(torch.get_default_dtype())


def favor_features(
    x: Float[Tensor, "*batch length d_head"], projection: Float[Tensor, "features d_head"]
) -> Float[Tensor, "*batch length features"]:
    """Return positive features whose products are softmax's numerators on average.

    φ(x) = exp(w·x' − ‖x'‖² / 2) / √features for each row w of projection, with
    x' = x / d_head^¼, so that E[φ(q)·φ(k)] = exp(q·k / √d_head).
    Choromanski et al. (2021), lemma 1.

    It assumes short vectors: the variance of φ(q)·φ(k), relative to the square of its
    mean, is (exp(‖q' + k'‖²) − 1) / features for independent rows.

    Args:
        x: Queries or keys.
        projection: Draws from a standard normal distribution, such as
            `orthogonal_projection`'s.

    Raises:
        ValueError: If x and projection differ in width.
    """
    return _log_features(x, projection).exp().to(x.dtype)


def performer_attention(
    query: Float[Tensor, "*batch queries d_head"],
    key: Float[Tensor, "*batch keys d_head"],
    value: Float[Tensor, "*batch keys d_value"],
    projection: Float[Tensor, "features d_head"],
    causal: bool = False,
) -> Float[Tensor, "*batch queries d_value"]:
    """Return for each query the mean of the values, weighted by φ(q)·φ(k).

    Linear attention with `favor_features`: in expectation the weights are, before they
    are normalized, those of softmax. Choromanski et al. (2021). Time and memory grow
    linearly with the length.

    It assumes queries and keys with small norms; see `favor_features`. Large ones leave
    the result finite, and wrong.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over.
        projection: One row for each feature, such as `orthogonal_projection`'s.
        causal: Whether a query sees its own and earlier positions only. Then there
            must be as many queries as keys.

    Raises:
        ValueError: If there is no key, query and key or projection differ in width, key
            and value in number, or, when causal, query and key in number.
    """
    check_widths(query, key)
    check_counts(key, value)
    if key.shape[-2] < 1:
        raise ValueError(f"there must be at least one key, got {key.shape[-2]} keys")
    log_query, log_key = _log_features(query, projection), _log_features(key, projection)
    values = value.to(log_key.dtype)
    if causal:
        check_causal(query, key)
        return _causal(log_query, log_key, values).to(query.dtype)
    total, mean = _summary(log_key, values)
    return ((log_query + total[..., None, :]).softmax(dim=-1) @ mean).to(query.dtype)


def _log_features(x: Tensor, projection: Tensor) -> Tensor:
    num_features, d_head = projection.shape
    if x.shape[-1] != d_head:
        raise ValueError(
            "x and projection must have the same width, "
            f"got d_head={x.shape[-1]} and d_head={d_head}"
        )
    x = x.to(torch.promote_types(x.dtype, torch.float32)) / d_head**0.25
    squares = x.square().sum(dim=-1, keepdim=True)
    return x @ projection.mT.to(x.dtype) - squares / 2 - math.log(num_features) / 2


def _summary(log_key: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each feature the log of its sum over the keys, and its mean of the values.

    Σ_f φ_f(q) Σ_k φ_f(k) v_k is the same as Σ_f (φ_f(q) S_f) m_f, where S_f is the sum of
    feature f over the keys and m_f the mean of the values with weights φ_f(k). To divide
    by Σ_f φ_f(q) S_f is then a softmax over the features. So what keeps a softmax finite
    keeps this finite, and nothing has to be added that would change the result.
    """
    return log_key.logsumexp(dim=-2), log_key.softmax(dim=-2).mT @ values


def _causal(log_query: Tensor, log_key: Tensor, values: Tensor) -> Tensor:
    """Return causal attention: each query attends to its chunk and a summary of all before."""
    length = values.shape[-2]
    q, k, v = (in_chunks(each, CHUNK_SIZE) for each in (log_query, log_key, values))
    total, mean = _before(*_summary(k, v))
    inside = (q[..., :, None, :] + k[..., None, :, :]).logsumexp(dim=-1)
    later = torch.ones_like(inside, dtype=torch.bool).triu(diagonal=1)
    scores = [inside.masked_fill(later, -torch.inf), q + total[..., None, :]]
    weights = torch.cat(scores, dim=-1).softmax(dim=-1)
    output = weights @ torch.cat([v, mean], dim=-2)
    return output.flatten(-3, -2)[..., :length, :]


def _before(totals: Tensor, means: Tensor) -> tuple[Tensor, Tensor]:
    """Return the summary of all chunks before each one: prefix sums that leave it out."""
    total = torch.full_like(totals[..., 0, :], -torch.inf)
    mean = torch.zeros_like(means[..., 0, :, :])
    before = []
    for chunk_total, chunk_mean in zip(totals.unbind(-2), means.unbind(-3), strict=True):
        before.append((total, mean))
        share = (chunk_total - total).sigmoid()[..., None]  # exp(a) / (exp(a) + exp(b))
        total, mean = torch.logaddexp(total, chunk_total), mean.lerp(chunk_mean, share)
    earlier_totals, earlier_means = zip(*before, strict=True)
    return torch.stack(earlier_totals, dim=-2), torch.stack(earlier_means, dim=-3)
