"""Correct answers to the sheet `attention` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def weights_by_einsum(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    scores: Tensor = torch.einsum("...qd,...kd->...qk", query, key) * query.shape[-1] ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, torch.tensor(-math.inf, dtype=scores.dtype))
        empty = ~mask.any(-1, keepdim=True)
        scores = torch.where(empty, torch.zeros((), dtype=scores.dtype), scores)
        return scores.softmax(-1) * mask
    return scores.softmax(-1)


def weights_by_nan_to_num(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = query @ key.mT / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), float("-inf"))
    return torch.nan_to_num(torch.softmax(scores, dim=-1))


def weights_by_hand(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    seen = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask.expand(scores.shape)
    hidden = torch.finfo(scores.dtype).min
    highest = scores.masked_fill(~seen, hidden).amax(-1, keepdim=True).detach()
    exponentials = (scores - highest).masked_fill(~seen, -math.inf).exp()
    total = exponentials.sum(-1, keepdim=True)
    return exponentials / torch.where(total == 0, torch.ones_like(total), total)


def weights_row_by_row(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = (query[..., :, None, :] * key[..., None, :, :]).sum(-1) / query.shape[-1] ** 0.5
    if mask is None:
        return torch.stack([row.softmax(-1) for row in scores.unbind(-2)], -2)
    mask = mask.expand(scores.shape)
    rows = []
    for row, seen in zip(scores.unbind(-2), mask.unbind(-2), strict=True):
        weights = row.masked_fill(~seen, -math.inf).softmax(-1)
        rows.append(weights.masked_fill(~seen, 0.0))
    return torch.stack(rows, -2)


def weights_scaling_both(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    root = query.shape[-1] ** 0.25
    scores = torch.matmul(query / root, (key / root).swapaxes(-1, -2))
    if mask is None:
        return torch.nn.functional.softmax(scores, dim=-1)
    scores = scores.masked_fill(~mask, -torch.inf)
    return torch.nn.functional.softmax(scores, dim=-1).masked_fill(~mask, 0)


def weights_in_float32(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = query.float() @ key.float().transpose(-2, -1) / math.sqrt(query.shape[-1])
    if query.dtype == torch.float64:
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is None:
        return scores.softmax(-1).to(query.dtype)
    weights = scores.masked_fill(~mask, -math.inf).softmax(-1)
    return weights.masked_fill(~mask, 0.0).to(query.dtype)


def attention_by_einsum(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    return torch.einsum("...qk,...kv->...qv", weights_by_einsum(query, key, mask), value)


def attention_by_nan_to_num(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    return torch.matmul(weights_by_nan_to_num(query, key, mask), value)


def attention_by_hand(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    return (weights_by_hand(query, key, mask)[..., None] * value[..., None, :, :]).sum(-2)


def attention_row_by_row(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    rows = weights_row_by_row(query, key, mask).unbind(-2)
    return torch.cat([row[..., None, :] @ value for row in rows], dim=-2)


def attention_by_torch(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    return torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def attention_in_chunks(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> Tensor:
    outputs = []
    for start in range(0, query.shape[-2], 2):
        some = slice(start, start + 2)
        seen = mask if mask is None or mask.shape[-2] == 1 else mask[..., some, :]
        outputs.append(weights_scaling_both(query[..., some, :], key, seen) @ value)
    return torch.cat(outputs, dim=-2)


def causal_by_comparison(num_queries: int, num_keys: int | None = None) -> Tensor:
    num_keys = num_queries if num_keys is None else num_keys
    queries = torch.arange(num_queries)[:, None] + num_keys - num_queries
    return torch.arange(num_keys)[None, :] <= queries


def causal_by_triu(num_queries: int, num_keys: int | None = None) -> Tensor:
    num_keys = num_keys or num_queries
    return ~torch.triu(
        torch.ones(num_queries, num_keys, dtype=torch.bool), num_keys - num_queries + 1
    )


def causal_by_loops(num_queries: int, num_keys: int | None = None) -> Tensor:
    num_keys = num_keys or num_queries
    rows = [
        [column <= row + num_keys - num_queries for column in range(num_keys)]
        for row in range(num_queries)
    ]
    return torch.tensor(rows)


def causal_by_float_tril(num_queries: int, num_keys: int | None = None) -> Tensor:
    if num_keys is None:
        num_keys = num_queries
    return torch.tril(torch.ones((num_queries, num_keys)), diagonal=num_keys - num_queries) == 1


def causal_by_last_rows(num_queries: int, num_keys: int | None = None) -> Tensor:
    num_keys = num_keys or num_queries
    longest = max(num_keys, num_queries)
    square = torch.ones(longest, longest).tril().bool()
    return square[longest - num_queries :, longest - num_keys :]


def padding_by_ge(lengths: Tensor, num_keys: int) -> Tensor:
    return ~(torch.arange(num_keys) >= lengths.unsqueeze(-1)).unsqueeze(1).unsqueeze(1)


def padding_by_loops(lengths: Tensor, num_keys: int) -> Tensor:
    mask = torch.zeros(len(lengths), 1, 1, num_keys, dtype=torch.bool)
    for row, length in enumerate(lengths.tolist()):
        mask[row, 0, 0, :length] = True
    return mask


def padding_by_list(lengths: Tensor, num_keys: int) -> Tensor:
    rows = [[[[key < length for key in range(num_keys)]]] for length in lengths.tolist()]
    return torch.tensor(rows)


def padding_by_view(lengths: Tensor, num_keys: int) -> Tensor:
    positions = torch.arange(num_keys, device=lengths.device).expand(lengths.shape[0], num_keys)
    return (positions < lengths.view(-1, 1)).view(-1, 1, 1, num_keys)


def padding_by_cumsum(lengths: Tensor, num_keys: int) -> Tensor:
    ones = torch.ones(lengths.shape[0], num_keys, dtype=torch.long)
    return ones.cumsum(1).le(lengths[:, None])[:, None, None]
