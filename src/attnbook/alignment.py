"""What a decoder looks at, against what decides. Chapter: book/encoder_decoder.md."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnbook.attention import attention_weights
from attnbook.multihead import split_heads
from attnbook.transformer import Transformer


@torch.no_grad()
def cross_attention_weights(
    model: Transformer,
    source: Int[Tensor, "batch source_length"],
    target: Int[Tensor, "batch length"],
    *,
    layer: int = -1,
) -> Float[Tensor, "batch heads length source_length"]:
    """Return how much each written position attends to each position of the source.

    Args:
        model: Whose cross-attention.
        source: What is translated.
        target: What the decoder is fed, with the start token first. Row t of the result
            belongs to the token that follows target[t].
        layer: Number of the decoder block.
    """
    attention = model.decoder.blocks[layer].cross_attention
    seen: list[tuple[Tensor, ...]] = []

    def remember(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs)

    handle = attention.register_forward_pre_hook(remember)
    try:
        model(source, target)
    finally:
        handle.remove()
    query, key, _, mask = seen[0]
    queries = split_heads(attention.query_proj(query), attention.num_heads)
    keys = split_heads(attention.key_proj(key), attention.num_heads)
    return attention_weights(queries, keys, mask)


def alignment_errors(
    weights: Float[Tensor, "target source"], alignment: Bool[Tensor, "target source"]
) -> tuple[float, float]:
    """Return two errors of attention as an alignment, each a mean over the rows that have one.

    The first is the share of rows whose largest weight lies on a wrong character, the second
    the weight that lies on wrong characters.

    Args:
        weights: Of one head, or a mean of several.
        alignment: True where a source character decides a target character. A row without
            any, such as a hyphen's, does not count.

    Raises:
        ValueError: If no row has an alignment.
    """
    rows = alignment.any(dim=-1)
    if not rows.any():
        raise ValueError("an alignment must align something, got one without any True")
    weights, alignment = weights[rows], alignment[rows]
    hits = alignment.gather(-1, weights.argmax(dim=-1, keepdim=True))
    inside = (weights * alignment).sum(dim=-1)
    return 1 - hits.float().mean().item(), 1 - inside.mean().item()
