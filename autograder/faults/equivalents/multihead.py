"""Correct answers to the sheet `multihead` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def split_by_view(x: Tensor, num_heads: int) -> Tensor:
    batch, length, d_model = x.shape
    if d_model % num_heads != 0:
        raise ValueError(f"d_model={d_model} is no multiple of num_heads={num_heads}")
    return x.view(batch, length, num_heads, d_model // num_heads).transpose(1, 2)


def split_by_permute(x: Tensor, num_heads: int) -> Tensor:
    if x.size(-1) % num_heads:
        raise ValueError(f"{x.size(-1)} must be divisible by {num_heads}")
    shape = (*x.shape[:2], num_heads, x.size(-1) // num_heads)
    return x.contiguous().reshape(shape).permute(0, 2, 1, 3).contiguous()


def split_by_chunks(x: Tensor, num_heads: int) -> Tensor:
    d_head, left_over = divmod(x.shape[2], num_heads)
    if left_over:
        raise ValueError(f"d_model must be a multiple of num_heads: {x.shape[2]}, {num_heads}")
    return torch.stack(x.split(d_head, dim=2), dim=1)


def split_by_slices(x: Tensor, num_heads: int) -> Tensor:
    batch, length, d_model = x.shape
    d_head = d_model // num_heads
    if d_head * num_heads != d_model:
        raise ValueError(f"got d_model {d_model} and {num_heads} heads, with {d_head} each")
    heads = x.new_zeros(batch, num_heads, length, d_head)
    for h in range(num_heads):
        heads[:, h] = x[:, :, h * d_head : (h + 1) * d_head]
    return heads


def split_by_unfold(x: Tensor, num_heads: int) -> Tensor:
    if x.shape[-1] % num_heads > 0:
        raise ValueError(f"num_heads={num_heads} does not divide d_model={x.shape[-1]}")
    d_head = x.shape[-1] // num_heads
    return x.unfold(2, d_head, d_head).movedim(2, 1)


def split_by_einsum(x: Tensor, num_heads: int) -> Tensor:
    if x.shape[-1] % num_heads:
        raise ValueError(f"{x.shape[-1]} features cannot be cut into {num_heads} heads")
    heads: Tensor = torch.einsum("blhd->bhld", x.unflatten(2, (num_heads, -1)))
    return heads


def merge_by_reshape(x: Tensor) -> Tensor:
    batch, heads, length, d_head = x.shape
    return x.permute(0, 2, 1, 3).reshape(batch, length, heads * d_head)


def merge_by_contiguous_view(x: Tensor) -> Tensor:
    batch, heads, _, d_head = x.size()
    return x.transpose(2, 1).contiguous().view(batch, -1, heads * d_head)


def merge_by_cat(x: Tensor) -> Tensor:
    return torch.cat(x.unbind(dim=1), dim=-1)


def merge_by_slices(x: Tensor) -> Tensor:
    batch, heads, length, d_head = x.shape
    merged = torch.zeros(batch, length, heads * d_head, dtype=x.dtype, device=x.device)
    for head in range(heads):
        merged[..., head * d_head : (head + 1) * d_head] = x[:, head]
    return merged


def merge_by_positions(x: Tensor) -> Tensor:
    return torch.stack([at.reshape(len(x), -1) for at in x.unbind(2)], dim=1)


class HeadsByEinsum(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"num_heads={num_heads} does not divide d_model={d_model}")
        self.num_heads, self.d_head = num_heads, d_model // num_heads
        self.query_proj, self.key_proj, self.value_proj, self.output_proj = (
            nn.Linear(d_model, d_model) for _ in range(4)
        )

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        q, k, v = (
            projection(x).unflatten(-1, (self.num_heads, self.d_head))
            for projection, x in (
                (self.query_proj, query),
                (self.key_proj, key),
                (self.value_proj, value),
            )
        )
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) * self.d_head**-0.5
        if mask is not None:
            scores = scores.masked_fill(mask.logical_not(), -math.inf)
        weights = torch.nan_to_num(scores.softmax(-1))
        context = torch.einsum("bhqk,bkhd->bqhd", weights, v)
        output: Tensor = self.output_proj(context.flatten(-2))
        return output


class HeadByHead(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        d_head = d_model // num_heads
        if d_head * num_heads != d_model:
            raise ValueError(f"{d_model} is not {num_heads} times anything")
        self.blocks = [slice(h * d_head, (h + 1) * d_head) for h in range(num_heads)]
        self.root = math.sqrt(d_head)
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        q, k, v = self.query_proj(query), self.key_proj(key), self.value_proj(value)
        gathered = []
        for number, block in enumerate(self.blocks):
            scores = q[..., block] @ k[..., block].mT / self.root
            if mask is None:
                weights = scores.softmax(-1)
            else:
                one = min(number, mask.shape[1] - 1) if mask.dim() == 4 else 0
                seen = mask[:, one] if mask.dim() == 4 else mask
                weights = scores.masked_fill(~seen, -math.inf).softmax(-1).masked_fill(~seen, 0)
            gathered.append(weights @ v[..., block])
        output: Tensor = self.output_proj(torch.cat(gathered, dim=-1))
        return output


class HeadsInTheBatch(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"d_model ({d_model}) must be a multiple of num_heads ({num_heads})")
        self.n = num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def fold(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        x = x.reshape(batch, length, self.n, width // self.n).permute(0, 2, 1, 3)
        return x.reshape(batch * self.n, length, width // self.n)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        q = self.fold(self.query_proj(query))
        k = self.fold(self.key_proj(key))
        v = self.fold(self.value_proj(value))
        scores = torch.bmm(q, k.transpose(1, 2)) / q.shape[-1] ** 0.5
        if mask is not None:
            seen = mask.expand(len(query), self.n, *scores.shape[1:]).flatten(0, 1)
            scores = scores.masked_fill(~seen, -torch.inf).softmax(-1).masked_fill(~seen, 0.0)
        else:
            scores = scores.softmax(-1)
        context = torch.bmm(scores, v).unflatten(0, (-1, self.n))
        output: Tensor = self.output_proj(context.transpose(1, 2).flatten(2))
        return output


class HeadsByTorch(nn.Module):
    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        if d_model % num_heads:
            raise ValueError(f"got d_model={d_model}, num_heads={num_heads}")
        self.num_heads = num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        q, k, v = self.query_proj(query), self.key_proj(key), self.value_proj(value)
        q, k, v = (x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for x in (q, k, v))
        context = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        output: Tensor = self.output_proj(context.transpose(1, 2).flatten(2))
        return output


class HeadsAddedUp(nn.Module):
    """Each head has its own columns of the output projection; what they give is added."""

    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        self.d_head, left_over = divmod(d_model, num_heads)
        if left_over:
            raise ValueError(f"d_model={d_model} leaves {left_over} over for num_heads={num_heads}")
        self.query_proj, self.key_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.value_proj, self.output_proj = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.register_buffer("root", torch.tensor(float(self.d_head)).sqrt())

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        q, k, v = (
            torch.stack(projected.split(self.d_head, -1), 1)
            for projected in (self.query_proj(query), self.key_proj(key), self.value_proj(value))
        )
        scores = q @ k.transpose(2, 3) / math.sqrt(self.d_head)
        if mask is not None:
            empty = ~mask.any(-1, keepdim=True)
            weights = scores.masked_fill(~mask & ~empty, -math.inf).softmax(-1)
            weights = weights.masked_fill(empty, 0.0)
        else:
            weights = scores.softmax(-1)
        columns = self.output_proj.weight.split(self.d_head, 1)
        added: Tensor = self.output_proj.bias
        for head, own in zip((weights @ v).unbind(1), columns, strict=True):
            added = added + head @ own.T
        return added


def count_by_width(d_model: int, num_heads: int, bias: bool) -> int:
    if d_model % num_heads:
        raise ValueError(f"d_model {d_model} is not a multiple of num_heads {num_heads}")
    return 4 * d_model * (d_model + int(bias))


def count_by_heads(d_model: int, num_heads: int, bias: bool) -> int:
    d_head = d_model // num_heads
    if d_head * num_heads != d_model:
        raise ValueError(f"{num_heads} heads cannot share out {d_model} features")
    into_heads = 3 * num_heads * (d_model * d_head + (d_head if bias else 0))
    return into_heads + d_model * d_model + (d_model if bias else 0)


def count_by_layers(d_model: int, num_heads: int, bias: bool) -> int:
    if d_model % num_heads != 0:
        raise ValueError(f"d_model={d_model}, num_heads={num_heads}")
    layers = [nn.Linear(d_model, d_model, bias=bias) for _ in range(4)]
    return sum(parameter.numel() for layer in layers for parameter in layer.parameters())


def count_by_torch(d_model: int, num_heads: int, bias: bool) -> int:
    if d_model % num_heads > 0:
        raise ValueError(f"num_heads must divide d_model, got {num_heads} and {d_model}")
    layer = nn.MultiheadAttention(d_model, num_heads, bias=bias)
    return sum(math.prod(parameter.shape) for parameter in layer.parameters())


def count_by_loop(d_model: int, num_heads: int, bias: bool) -> int:
    if num_heads not in [n for n in range(1, d_model + 1) if d_model % n == 0]:
        raise ValueError(f"{num_heads} does not divide {d_model}")
    total = 0
    for _ in ("query", "key", "value", "output"):
        total += d_model**2
        if bias:
            total += d_model
    return total
