"""Blocks of a small causal model that are told how to attend. Chapter: book/approximate.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from attnbook import dates
from attnbook.multihead import merge_heads, split_heads
from attnbook.positions import apply_rope
from attnbook.training import cosine_rate

# Called with queries, keys and values of all heads; no query may see a later key.
Attention = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class StreamRecipe:
    """All that decides what the model becomes, besides the data and the code.

    Attributes:
        d_model: Width of the model.
        num_heads: Number of heads of each attention.
        d_ff: Width inside the feed-forward networks.
        num_layers: Number of blocks.
        num_near: How many characters, its own included, a position knows before any attention.
        shared: Whether queries are keys as well, as `lsh_attention` needs it.
        query_gain: What the first weights of the queries are multiplied by. Shared keys have
            length one, so that without it no score would be large enough to single out a key.
        lengths: Number of characters that are read at once, first and later.
        batch_sizes: Number of texts in a batch, first and later.
        first_steps: Number of batches of the first kind.
        steps: Number of all batches.
        rate: Highest learning rate; after it the rate falls to 0 along a cosine.
        warmup_steps: Steps until then.
    """

    d_model: int = 64
    num_heads: int = 2
    d_ff: int = 128
    num_layers: int = 2
    num_near: int = 4
    shared: bool = False
    query_gain: float = 1.0
    lengths: tuple[int, int] = (256, 1024)
    batch_sizes: tuple[int, int] = (4, 1)
    first_steps: int = 3250
    steps: int = 5000
    rate: float = 6e-3
    warmup_steps: int = 50

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 1."""
        return cosine_rate(step, self.rate, self.steps, self.warmup_steps)


class AttentionInputs(NamedTuple):
    """What the attention of one block is given.

    Attributes:
        query: What each position is looking for.
        key: What each position offers; the same as query if they are shared.
        value: What each position hands over.
    """

    query: Float[Tensor, "*batch heads length d_head"]
    key: Float[Tensor, "*batch heads length d_head"]
    value: Float[Tensor, "*batch heads length d_head"]


class StreamBlock(nn.Module):
    """A pre-norm block that is told on each call how to attend.

    Half of the features of each query and key are turned by position (Su et al., 2021), and
    half are not, so that what is alike finds itself at any distance.

    Args:
        recipe: The sizes, and whether queries are keys as well.
    """

    def __init__(self, recipe: StreamRecipe) -> None:
        super().__init__()
        width = recipe.d_model
        self.num_heads = recipe.num_heads
        self.attention_norm = nn.LayerNorm(width)
        self.query_proj = nn.Linear(width, width)
        self.query_proj.weight.data *= recipe.query_gain
        self.key_proj = None if recipe.shared else nn.Linear(width, width)
        self.value_proj = nn.Linear(width, width)
        self.output_proj = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, recipe.d_ff), nn.ReLU(), nn.Linear(recipe.d_ff, width)
        )

    def inputs(self, x: Float[Tensor, "batch length d_model"]) -> AttentionInputs:
        """Return what the attention is given."""
        x = self.attention_norm(x)
        query = self._turned(self.query_proj(x))
        key = query if self.key_proj is None else self._turned(self.key_proj(x))
        return AttentionInputs(query, key, split_heads(self.value_proj(x), self.num_heads))

    def forward(
        self, x: Float[Tensor, "batch length d_model"], attention: Attention
    ) -> Float[Tensor, "batch length d_model"]:
        """Return ``x`` after one round of attention and a feed-forward network."""
        x = x + self.output_proj(merge_heads(attention(*self.inputs(x))))
        return x + self.feed_forward(self.feed_forward_norm(x))

    def _turned(self, x: Tensor) -> Tensor:
        turning, still = split_heads(x, self.num_heads).chunk(2, dim=-1)
        positions = torch.arange(x.shape[1], device=x.device)
        return torch.cat([apply_rope(turning, positions), still], dim=-1)


class StreamModel(nn.Module):
    """Says which character comes next, after each character of a text.

    Args:
        recipe: The sizes, and whether queries are keys as well.
    """

    def __init__(self, recipe: StreamRecipe) -> None:
        super().__init__()
        width = recipe.d_model
        self.attention = _shared_attention if recipe.shared else _causal_attention
        self.tokens = nn.Embedding(4 + len(dates.source_characters()), width)
        nn.init.normal_(self.tokens.weight, std=width**-0.5)
        self.near = nn.Conv1d(width, width, recipe.num_near, groups=width)
        self.blocks: Sequence[StreamBlock] = nn.ModuleList(  # type: ignore[assignment]
            StreamBlock(recipe) for _ in range(recipe.num_layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(
        self, tokens: Int[Tensor, "batch length"], attention: Attention | None = None
    ) -> Float[Tensor, "batch length vocab_size"]:
        """Return logits of the character after each position.

        Args:
            tokens: The text, as `encode` returns it.
            attention: How every block attends; as in training if not given.
        """
        x = self._embedded(tokens)
        for block in self.blocks:
            x = block(x, attention or self.attention)
        return self.norm(x) @ self.tokens.weight.T

    def inputs(self, tokens: Int[Tensor, "batch length"]) -> list[AttentionInputs]:
        """Return what the attention of each block is given when it attends as in training."""
        x, found = self._embedded(tokens), []
        for block in self.blocks:
            found.append(block.inputs(x))
            x = block(x, self.attention)
        return found

    def _embedded(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) * math.sqrt(self.tokens.embedding_dim)
        near: Tensor = self.near(functional.pad(x.mT, (self.near.kernel_size[0] - 1, 0)))
        return x + near.mT


def _causal_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return functional.scaled_dot_product_attention(query, key, value, is_causal=True)


def _shared_attention(query_key: Tensor, _: Tensor, value: Tensor) -> Tensor:
    """Return causal `shared_query_key_attention`, by torch's faster means."""
    length = query_key.shape[-2]
    mask = torch.ones(length, length, dtype=torch.bool, device=query_key.device).tril(-1)
    mask[0, 0] = True  # what comes first sees nothing else
    key = functional.normalize(query_key, dim=-1)
    return functional.scaled_dot_product_attention(query_key, key, value, mask)
