"""Multi-head attention. Chapter: book/multihead.md."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attnbook.attention import check_mask, scaled_dot_product_attention


def split_heads(
    x: Float[Tensor, "batch length d_model"], num_heads: int
) -> Float[Tensor, "batch heads length d_head"]:
    """Return ``x`` cut into heads: head h is the h-th block of features.

    Args:
        x: One row for each position.
        num_heads: How many blocks to cut the features into.

    Raises:
        ValueError: If d_model is not a multiple of num_heads.
    """
    _check_heads(x.shape[-1], num_heads)
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def merge_heads(
    x: Float[Tensor, "batch heads length d_head"],
) -> Float[Tensor, "batch length d_model"]:
    """Return the heads of ``x`` side by side again; undoes `split_heads`.

    Args:
        x: One row for each head and position.
    """
    return x.transpose(1, 2).flatten(start_dim=2)


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each with projections of its own.

    Vaswani et al. (2017), section 3.2.2. The projections of all heads stand in one
    matrix each, and have biases, which the paper does not mention.

    Args:
        d_model: Width of what comes in and what goes out.
        num_heads: Number of heads; each is d_model / num_heads wide.

    Raises:
        ValueError: If d_model is not a multiple of num_heads.
    """

    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        _check_heads(d_model, num_heads)
        self.num_heads = num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(
        self,
        query: Float[Tensor, "batch queries d_model"],
        key: Float[Tensor, "batch keys d_model"],
        value: Float[Tensor, "batch keys d_model"],
        mask: Bool[Tensor, "*#batch_heads #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries d_model"]:
        """Return what each query gathers. Self-attention passes the same sequence three times.

        Args:
            query: What attends.
            key: What is attended to.
            value: What is handed over, one row for each key.
            mask: True where a query may see a key: (queries, keys) or
                (batch, heads, queries, keys). A query that may see no key gets
                the bias of the output projection.
        """
        return self.attend(query, *self.keys_and_values(key, value), mask)

    def keys_and_values(
        self, key: Float[Tensor, "batch keys d_model"], value: Float[Tensor, "batch keys d_model"]
    ) -> tuple[Float[Tensor, "batch heads keys d_head"], Float[Tensor, "batch heads keys d_head"]]:
        """Return the projected keys and values of every head: what a cache keeps."""
        keys = split_heads(self.key_proj(key), self.num_heads)
        values = split_heads(self.value_proj(value), self.num_heads)
        return keys, values

    def attend(
        self,
        query: Float[Tensor, "batch queries d_model"],
        keys: Float[Tensor, "batch heads keys d_head"],
        values: Float[Tensor, "batch heads keys d_head"],
        mask: Bool[Tensor, "*#batch_heads #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries d_model"]:
        """Return what each query gathers from keys and values that are projected already."""
        queries = split_heads(self.query_proj(query), self.num_heads)
        context = scaled_dot_product_attention(queries, keys, values, mask)
        return self.output_proj(merge_heads(context))


def grouped_query_attention(
    query: Float[Tensor, "batch heads queries d_head"],
    key: Float[Tensor, "batch kv_heads keys d_head"],
    value: Float[Tensor, "batch kv_heads keys d_value"],
    mask: Bool[Tensor, "*#batch_heads #queries #keys"] | None = None,
) -> Float[Tensor, "batch heads queries d_value"]:
    """Return attention in which query head h reads from head h // (heads / kv_heads).

    Ainslie et al. (2023), section 2.2. The queries of all heads that share keys and values
    stand below one another as one, so that no key or value is copied.

    Args:
        query: Of every head.
        key: Of every head of keys and values.
        value: One for each key.
        mask: True where a query may see a key; its heads are those of the queries.

    Raises:
        ValueError: If heads is not a multiple of kv_heads, or as in
            `scaled_dot_product_attention`.
    """
    num_heads, num_kv_heads, num_queries = query.shape[1], key.shape[1], query.shape[2]
    _check_groups(num_heads, num_kv_heads)

    def stacked(x: Tensor) -> Tensor:
        return x.unflatten(1, (num_kv_heads, -1)).flatten(2, 3)

    if mask is not None:
        shape = torch.Size((*query.shape[:-1], key.shape[-2]))
        check_mask(mask, shape)
        mask = stacked(mask.expand(shape))
    context = scaled_dot_product_attention(stacked(query), key, value, mask)
    return context.unflatten(2, (-1, num_queries)).flatten(1, 2)


class GroupedQueryAttention(nn.Module):
    """Attention in which several query heads share the keys and values of one.

    Ainslie et al. (2023), section 2.2. With one head of keys and values it is multi-query
    attention (Shazeer, 2019); with as many as query heads it is `MultiHeadAttention`.

    Args:
        d_model: Width of what comes in and what goes out.
        num_heads: Number of query heads.
        num_kv_heads: Number of heads of keys and values. Query head h reads from
            head h // (num_heads / num_kv_heads).

    Raises:
        ValueError: If d_model is not a multiple of num_heads, or num_heads not one
            of num_kv_heads.
    """

    def __init__(self, d_model: int, num_heads: int, *, num_kv_heads: int) -> None:
        super().__init__()
        _check_heads(d_model, num_heads)
        _check_groups(num_heads, num_kv_heads)
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        d_kv = num_kv_heads * (d_model // num_heads)
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_kv)
        self.value_proj = nn.Linear(d_model, d_kv)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(
        self,
        query: Float[Tensor, "batch queries d_model"],
        key: Float[Tensor, "batch keys d_model"],
        value: Float[Tensor, "batch keys d_model"],
        mask: Bool[Tensor, "*#batch_heads #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries d_model"]:
        """Return what each query gathers; see `MultiHeadAttention.forward`."""
        queries = split_heads(self.query_proj(query), self.num_heads)
        keys = split_heads(self.key_proj(key), self.num_kv_heads)
        values = split_heads(self.value_proj(value), self.num_kv_heads)
        context = grouped_query_attention(queries, keys, values, mask)
        return self.output_proj(merge_heads(context))


def multihead_parameter_count(d_model: int, num_heads: int, bias: bool = True) -> int:
    """Return how many numbers a multi-head attention layer learns.

    The heads share out d_model among themselves, so their number does not matter.

    Args:
        d_model: Width of the layer.
        num_heads: Number of heads.
        bias: Whether the four projections have biases.

    Raises:
        ValueError: If d_model is not a multiple of num_heads.
    """
    _check_heads(d_model, num_heads)
    return 4 * (d_model * d_model + (d_model if bias else 0))


def _check_heads(d_model: int, num_heads: int) -> None:
    if num_heads < 1 or d_model % num_heads:
        raise ValueError(
            "d_model must be a multiple of num_heads, "
            f"got d_model={d_model} and num_heads={num_heads}"
        )


def _check_groups(num_heads: int, num_kv_heads: int) -> None:
    if num_kv_heads < 1 or num_heads % num_kv_heads:
        raise ValueError(
            "num_heads must be a multiple of num_kv_heads, "
            f"got num_heads={num_heads} and num_kv_heads={num_kv_heads}"
        )
