"""The blocks that a transformer is stacked from. Chapter: book/blocks.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from attnbook.masks import causal_mask
from attnbook.multihead import MultiHeadAttention


def layer_norm(
    x: Float[Tensor, "*batch d_model"],
    gain: Float[Tensor, " d_model"],
    bias: Float[Tensor, " d_model"],
    eps: float = 1e-5,
) -> Float[Tensor, "*batch d_model"]:
    """Return each row of ``x`` with mean 0 and variance 1, then scaled and shifted.

    Ba et al. (2016), equation 4, for each position on its own.

    Args:
        x: One row for each position.
        gain: What each feature is multiplied by.
        bias: What is added to each feature.
        eps: Keeps a row of equal numbers from dividing by zero.
    """
    centered = x - x.mean(dim=-1, keepdim=True)
    variance = centered.square().mean(dim=-1, keepdim=True)
    return centered * torch.rsqrt(variance + eps) * gain + bias


def rms_norm(
    x: Float[Tensor, "*batch d_model"], gain: Float[Tensor, " d_model"], eps: float = 1e-6
) -> Float[Tensor, "*batch d_model"]:
    """Return each row of ``x`` with a root mean square of 1, then scaled.

    Zhang and Sennrich (2019), equation 4: a layer norm that leaves the mean alone.

    Args:
        x: One row for each position.
        gain: What each feature is multiplied by.
        eps: Keeps a row of zeros from dividing by zero.
    """
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + eps) * gain


def feed_forward(
    x: Float[Tensor, "*batch d_model"],
    w1: Float[Tensor, "d_model d_ff"],
    b1: Float[Tensor, " d_ff"],
    w2: Float[Tensor, "d_ff d_model"],
    b2: Float[Tensor, " d_model"],
) -> Float[Tensor, "*batch d_model"]:
    """Return max(0, x W₁ + b₁) W₂ + b₂, for each position on its own.

    Vaswani et al. (2017), equation 2.

    Args:
        x: One row for each position.
        w1: Widens.
        b1: What is added before the ReLU.
        w2: Narrows again.
        b2: What is added at the end.
    """
    return torch.relu(x @ w1 + b1) @ w2 + b2


def gradient_profile(
    x: Float[Tensor, "batch d"], weights: Float[Tensor, "num_layers d d"], residual: bool
) -> Float[Tensor, " places"]:
    """Return how large the gradient is before each layer of a deep network, and at its end.

    A layer turns h into max(0, h W), or into h + max(0, h W) with a residual. The gradient
    is that of half the sum of the squares of what comes out at the end, so that there it
    is the end itself.

    Args:
        x: What goes into the first layer.
        weights: One matrix for each layer.
        residual: Whether a layer adds to its input.

    Returns:
        The Euclidean norm of the whole gradient at each of the num_layers + 1 places, that
        at ``x`` first. It has no graph, and no ``.grad`` is left behind.
    """
    with torch.enable_grad():
        states = [x.detach().clone().requires_grad_()]
        for w in weights.detach():
            new = torch.relu(states[-1] @ w)
            states.append(states[-1] + new if residual else new)
        gradients = torch.autograd.grad(states[-1].square().sum() / 2, states)
    return torch.stack([gradient.norm() for gradient in gradients])


class EncoderBlock(nn.Module):
    """Self-attention, then a feed-forward network, each with a residual and a norm.

    Vaswani et al. (2017), section 3.1, without dropout: the data of this course are
    generated, so that no example is seen twice.

    Args:
        d_model: Width of the block.
        num_heads: Number of heads of the attention.
        d_ff: Width inside the feed-forward network.
        norm_first: Whether a norm stands before what it serves, x + f(norm(x)), as in
            Xiong et al. (2020), or after the sum, norm(x + f(x)), as in the paper.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.attention = MultiHeadAttention(d_model, num_heads)
        self.attention_norm = nn.LayerNorm(d_model)
        self.feed_forward = _feed_forward(d_model, d_ff)
        self.feed_forward_norm = nn.LayerNorm(d_model)

    def forward(
        self,
        x: Float[Tensor, "batch length d_model"],
        mask: Bool[Tensor, "*#batch_heads #length #length"] | None = None,
    ) -> Float[Tensor, "batch length d_model"]:
        """Return ``x`` after one round of gathering and one of thinking it over.

        Args:
            x: One row for each position.
            mask: True where a position may see another; see `MultiHeadAttention`.
        """

        def attention(y: Tensor) -> Tensor:
            return self.attention(y, y, y, mask)

        x = _add(x, attention, self.attention_norm, self.norm_first)
        return _add(x, self.feed_forward, self.feed_forward_norm, self.norm_first)


class BlockCache(NamedTuple):
    """What a decoder block keeps of earlier positions and of the memory.

    Attributes:
        keys: Of the positions so far.
        values: Of the positions so far.
        memory_keys: Of the memory, which is projected once.
        memory_values: Of the memory.
    """

    keys: Float[Tensor, "batch heads past d_head"]
    values: Float[Tensor, "batch heads past d_head"]
    memory_keys: Float[Tensor, "batch heads memory d_head"]
    memory_values: Float[Tensor, "batch heads memory d_head"]


class DecoderBlock(nn.Module):
    """Self-attention, attention to a memory, then a feed-forward network.

    Vaswani et al. (2017), section 3.1, without dropout. Who may see whom among the
    positions is the caller's business: a decoder passes the causal mask.

    Args:
        d_model: Width of the block and of the memory.
        num_heads: Number of heads of both attentions.
        d_ff: Width inside the feed-forward network.
        norm_first: See `EncoderBlock`. The memory is not normed here.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.self_attention = MultiHeadAttention(d_model, num_heads)
        self.self_attention_norm = nn.LayerNorm(d_model)
        self.cross_attention = MultiHeadAttention(d_model, num_heads)
        self.cross_attention_norm = nn.LayerNorm(d_model)
        self.feed_forward = _feed_forward(d_model, d_ff)
        self.feed_forward_norm = nn.LayerNorm(d_model)

    def forward(
        self,
        x: Float[Tensor, "batch length d_model"],
        memory: Float[Tensor, "batch memory d_model"],
        mask: Bool[Tensor, "*#batch_heads #length #length"] | None = None,
        memory_mask: Bool[Tensor, "*#batch_heads #length #memory"] | None = None,
    ) -> Float[Tensor, "batch length d_model"]:
        """Return ``x`` after each position has seen its own sequence and the memory.

        Args:
            x: One row for each position.
            memory: What the encoder made of the source.
            mask: True where a position may see another.
            memory_mask: True where a position may see a row of the memory.
        """

        def self_attention(y: Tensor) -> Tensor:
            return self.self_attention(y, y, y, mask)

        def cross_attention(y: Tensor) -> Tensor:
            return self.cross_attention(y, memory, memory, memory_mask)

        return self._through(x, self_attention, cross_attention)

    def start(self, memory: Float[Tensor, "batch memory d_model"]) -> BlockCache:
        """Return the cache of a block that has seen the memory and no position yet."""
        nothing = memory[:, :0]
        # Each step multiplies by the memory's keys and values: in one piece they are not copied.
        of_memory = self.cross_attention.keys_and_values(memory, memory)
        return BlockCache(
            *self.self_attention.keys_and_values(nothing, nothing),
            *(each.contiguous() for each in of_memory),
        )

    def extend(
        self,
        x: Float[Tensor, "batch new d_model"],
        cache: BlockCache,
        memory_mask: Bool[Tensor, "*#batch_heads #new #memory"] | None = None,
    ) -> tuple[Float[Tensor, "batch new d_model"], BlockCache]:
        """Return what `forward` with a causal mask gives for new positions, and the longer cache.

        Args:
            x: The positions that follow those in the cache.
            cache: From `start`, or from the call before.
            memory_mask: As in `forward`.
        """
        grown = cache

        def self_attention(y: Tensor) -> Tensor:
            nonlocal grown
            keys, values = self.self_attention.keys_and_values(y, y)
            grown = cache._replace(
                keys=torch.cat([cache.keys, keys], dim=-2),
                values=torch.cat([cache.values, values], dim=-2),
            )
            # A single new position may see all there are.
            several = y.shape[-2] > 1
            mask = causal_mask(y.shape[-2], grown.keys.shape[-2]).to(y.device) if several else None
            return self.self_attention.attend(y, grown.keys, grown.values, mask)

        def cross_attention(y: Tensor) -> Tensor:
            keys, values = cache.memory_keys, cache.memory_values
            return self.cross_attention.attend(y, keys, values, memory_mask)

        return self._through(x, self_attention, cross_attention), grown

    def _through(self, x: Tensor, self_attention: Sublayer, cross_attention: Sublayer) -> Tensor:
        x = _add(x, self_attention, self.self_attention_norm, self.norm_first)
        x = _add(x, cross_attention, self.cross_attention_norm, self.norm_first)
        return _add(x, self.feed_forward, self.feed_forward_norm, self.norm_first)


Sublayer = Callable[[Tensor], Tensor]


def _add(x: Tensor, sublayer: Sublayer, norm: nn.LayerNorm, norm_first: bool) -> Tensor:
    """Return the residual stream ``x`` with what ``sublayer`` adds to it."""
    return x + sublayer(norm(x)) if norm_first else norm(x + sublayer(x))


def _feed_forward(d_model: int, d_ff: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model))
