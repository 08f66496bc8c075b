"""The tiles of a table of scores, made one at a time, and gradients from them.

Chapter: book/efficient.md.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from attnbook.attention import check_counts, check_mask, check_widths

LOG2_E = math.log2(math.e)


def blocks(length: int, block_size: int) -> Iterator[slice]:
    """Yield slices of block_size positions one after another; the last may be shorter.

    Raises:
        ValueError: If block_size is less than 1.
    """
    if block_size < 1:
        raise ValueError(f"block_size must be at least 1, got block_size={block_size}")
    for start in range(0, length, block_size):
        yield slice(start, min(start + block_size, length))


def wide_dtype(x: Tensor) -> torch.dtype:
    """Return the precision to add up in: that of ``x``, but no less than float32."""
    return torch.promote_types(x.dtype, torch.float32)


def exp_(scores: Tensor, shift: Tensor) -> Tensor:
    """Turn scores into exp(scores - shift / log2(e)), in place, and return them.

    On a CPU, torch's exp2 takes about a third of the time of its exp. Scores are multiplied by
    log2(e) and shifted in one fused step, rounded once and after the shift, so that large scores
    lose nothing by it.

    Args:
        scores: What to overwrite.
        shift: For each row, log2(e) times what to subtract.
    """
    return torch.add(-shift, scores, alpha=LOG2_E, out=scores).exp2_()


class Tiles:
    """Scores of some queries and some keys, without those of all of them.

    Args:
        query: What each position is looking for.
        key: What each position offers.
        value: What each position hands over.
        mask: True where a query may see a key; it must broadcast.
        causal: Whether to hide later keys too; the last query stands at the last key.

    Raises:
        ValueError: If the shapes do not fit, as in `scaled_dot_product_attention`.
    """

    def __init__(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, causal: bool
    ) -> None:
        check_widths(query, key)
        check_counts(key, value)
        wide = wide_dtype(query)
        self.scale = 1 / math.sqrt(query.shape[-1])
        self.query = query.to(wide) * self.scale
        self.key, self.value = key.to(wide), value.to(wide)
        self.num_queries, self.num_keys, self.causal = query.shape[-2], key.shape[-2], causal
        self.mask = None
        if mask is not None:
            shape = torch.Size((*query.shape[:-1], self.num_keys))
            check_mask(mask, shape)
            self.mask = mask.expand(shape)

    def seen_by(self, rows: slice) -> int:
        """Return how many keys, from the first on, some query of a block may see."""
        ahead = self.num_keys - self.num_queries
        return max(0, rows.stop + ahead) if self.causal else self.num_keys

    def scores(self, rows: slice, columns: slice) -> Tensor:
        """Return the scaled scores of one tile, -inf where a query may not see a key."""
        scores = self.query[..., rows, :] @ self.key[..., columns, :].mT
        first_own = rows.start + self.num_keys - self.num_queries
        if self.causal and columns.stop - 1 > first_own:
            own = torch.arange(first_own, first_own + scores.shape[-2], device=scores.device)
            later = torch.arange(columns.start, columns.stop, device=scores.device) > own[:, None]
            scores.masked_fill_(later, -torch.inf)
        if self.mask is not None:
            scores.masked_fill_(~self.mask[..., rows, columns], -torch.inf)
        return scores

    def gradients(
        self, grad: Tensor, block_size: int, output: Tensor, shift: Tensor, total: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of query, key and value; each tile is computed again.

        Dao et al. (2022), appendix B.2. With P the weights and O the output, dV = Pᵀ dO,
        and the gradient of the scores is P ∘ (dO Vᵀ - D), where D, one number for each
        query, is the sum over a row of dO ∘ O. All of it is linear in dO, so dO is divided
        by the normalizers instead of P. Keeping these apart from the maximum, not as one
        logsumexp as in the paper, is exact also where scores are large.

        Args:
            grad: Gradient of the output.
            block_size: Side of a tile.
            output: What forward returned.
            shift: For each query what `exp_` takes; +inf if it sees no key, for then its
                weights are 0.
            total: For each query the sum of what `exp_` returns; 1 if it sees no key.
        """
        grad = grad / total
        row_sums = (grad * output).sum(dim=-1, keepdim=True)
        d_query, d_key, d_value = map(torch.zeros_like, (self.query, self.key, self.value))
        for rows in blocks(self.num_queries, block_size):
            for columns in blocks(self.seen_by(rows), block_size):
                weights = exp_(self.scores(rows, columns), shift[..., rows, :])
                d_value[..., columns, :] += weights.mT @ grad[..., rows, :]
                d_weights = grad[..., rows, :] @ self.value[..., columns, :].mT
                d_scores = weights.mul_(d_weights.sub_(row_sums[..., rows, :]))
                d_query[..., rows, :] += d_scores @ self.key[..., columns, :]
                d_key[..., columns, :] += d_scores.mT @ self.query[..., rows, :]
        return d_query.mul_(self.scale), d_key, d_value
