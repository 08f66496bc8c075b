"""The exercises of the sheet `multihead` with every known mistake as a switch.

These functions and the class are also written into notebooks (a sample class is made of
them), so each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

from torch import Tensor, nn


def refuse_uneven(d_model: int, num_heads: int, left_over: str) -> None:
    """Raise an error if the heads cannot be equally wide, unless that is the mistake."""
    if left_over == "not checked" or d_model % num_heads == 0:
        return
    if left_over == "no values":
        raise ValueError("the width does not fit the number of heads")
    raise ValueError(
        f"d_model must be a multiple of num_heads, got d_model={d_model} and num_heads={num_heads}"
    )


def faulty_split(
    x: Tensor,
    num_heads: int,
    *,
    layout: str = "heads before length",
    memory: str = "any order",
    left_over: str = "refused",
    kind: str = "kept",
) -> Tensor:
    """Split heads with switches; correct when none is given."""
    batch, length, d_model = x.shape
    refuse_uneven(d_model, num_heads, left_over)
    d_head = d_model // num_heads
    x = x[..., : num_heads * d_head]
    if kind == "float32":
        x = x.float()
    if memory == "one order":
        x = x.view(batch * length, num_heads * d_head).view(x.shape)
    if layout == "view":
        return x.reshape(batch, num_heads, length, d_head)
    if layout == "interleaved":
        return x.reshape(batch, length, d_head, num_heads).permute(0, 3, 1, 2)
    if layout == "counts swapped":
        return x.reshape(batch, length, d_head, num_heads).transpose(1, 2)
    heads = x.reshape(batch, length, num_heads, d_head)
    if layout == "length before heads":
        return heads
    if layout == "heads before batch":
        return heads.permute(2, 0, 1, 3)
    if layout == "heads in the batch":
        return heads.transpose(1, 2).flatten(0, 1)
    if layout == "features before length":
        return heads.permute(0, 2, 3, 1)
    return heads.transpose(1, 2)


def faulty_merge(x: Tensor, *, layout: str = "length before heads", kind: str = "kept") -> Tensor:
    """Merge heads with switches; correct when none is given."""
    batch, heads, length, d_head = x.shape
    if kind == "float32":
        x = x.float()
    if layout == "not transposed":
        return x.reshape(batch, length, heads * d_head)
    if layout == "interleaved":
        return x.permute(0, 2, 3, 1).flatten(2)
    if layout == "averaged":
        return x.mean(1)
    if layout == "added":
        return x.sum(1)
    if layout == "one below the other":
        return x.flatten(1, 2)
    if layout == "features apart":
        return x.transpose(1, 2)
    if layout == "backwards":
        return x.flip(1).transpose(1, 2).flatten(2)
    if layout == "view":
        return x.transpose(1, 2).view(batch, length, heads * d_head)
    return x.transpose(1, 2).flatten(2)


def faulty_count(
    d_model: int,
    num_heads: int,
    bias: bool,
    *,
    projections: int = 4,
    heads: str = "share the width",
    biases: str = "if asked for",
    left_over: str = "refused",
) -> int:
    """Count parameters with switches; correct when none is given."""
    refuse_uneven(d_model, num_heads, left_over)
    weights = d_model * d_model
    if heads == "as wide as the model":
        weights *= num_heads
    if heads == "one counted":
        weights //= num_heads
    counted = {"if asked for": bias, "never": False, "always": True}.get(biases, bias)
    if biases == "one for all":
        return projections * weights + counted * d_model
    return projections * (weights + counted * d_model)


class FaultyMultiHeadAttention(nn.Module):
    """Multi-head attention with switches; correct when none is given."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        *,
        registered: str = "each",
        bias: bool = True,
        left_over: str = "refused",
        reads: str = "query key value",
        maps: str = "own",
        split: str = "transposed",
        heads: str = "each",
        scale: str = "sqrt d_head",
        mask: str = "every head",
        softmax_over: str = "keys",
        empty_row: str = "zeros",
        merge: str = "transposed",
        output: str = "projected",
    ) -> None:
        super().__init__()
        refuse_uneven(d_model, num_heads, left_over)
        self.num_heads = 1 if heads == "one" else num_heads
        made = [nn.Linear(d_model, d_model, bias=bias) for _ in range(4)]
        if registered == "in a list":
            self.projections = made
        else:
            self.query_proj, self.key_proj, self.value_proj, self.output_proj = made
        if registered == "without output":
            del self.output_proj
        self.reads, self.maps, self.split, self.heads = reads, maps, split, heads
        self.scale, self.mask, self.softmax_over = scale, mask, softmax_over
        self.empty_row, self.merge, self.output = empty_row, merge, output

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Return the output, or what comes out of a mistake."""
        queries, keys, values = self.projected(query, key, value)
        weights = self.weights(queries, keys, mask)
        merged = self.merged(weights @ values)
        if self.output == "not projected":
            return merged
        output = self.output_proj(merged)
        return (output, weights) if self.output == "and weights" else output

    def projected(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        """Return queries, keys and values in heads."""
        if "key" not in self.reads:
            key = query
        if "value" not in self.reads:
            value = key if self.reads == "query key key" else query
        maps = {
            "own": (self.query_proj, self.key_proj, self.value_proj),
            "query and key shared": (self.query_proj, self.query_proj, self.value_proj),
            "key and value shared": (self.query_proj, self.key_proj, self.key_proj),
            "all shared": (self.query_proj, self.query_proj, self.query_proj),
        }[self.maps]
        return [self.in_heads(maps[i](x)) for i, x in enumerate((query, key, value))]

    def in_heads(self, x: Tensor) -> Tensor:
        """Return x cut into heads."""
        batch, length, _ = x.shape
        if self.split == "view":
            return x.reshape(batch, self.num_heads, length, -1)
        if self.split == "interleaved":
            return x.reshape(batch, length, -1, self.num_heads).permute(0, 3, 1, 2)
        return x.reshape(batch, length, self.num_heads, -1).transpose(1, 2)

    def weights(self, queries: Tensor, keys: Tensor, mask: Tensor | None) -> Tensor:
        """Return each head's attention weights."""
        d_head = queries.shape[-1]
        divisors = {"sqrt d_model": math.sqrt(self.num_heads * d_head), "none": 1, "d_head": d_head}
        scores = queries @ keys.transpose(-2, -1) / divisors.get(self.scale, math.sqrt(d_head))
        dim = -2 if self.softmax_over == "queries" else -1
        if mask is not None and self.mask != "ignored":
            hidden = mask if self.mask == "true hides" else ~mask
            if self.mask == "axis added":
                hidden = hidden.unsqueeze(1)
            if self.mask == "first head":
                hidden = hidden.expand(scores.shape).clone()
                hidden[:, 1:] = False
            weights = scores.masked_fill(hidden, -math.inf).softmax(dim)
            if self.empty_row == "zeros":
                weights = weights.masked_fill(hidden, 0.0)
        else:
            weights = scores.softmax(dim)
        if self.heads == "averaged":
            weights = weights.mean(1, keepdim=True).expand(weights.shape)
        return weights

    def merged(self, context: Tensor) -> Tensor:
        """Return the heads side by side."""
        batch, heads, length, d_head = context.shape
        if self.merge == "not transposed":
            return context.reshape(batch, length, heads * d_head)
        return context.transpose(1, 2).reshape(batch, length, heads * d_head)
