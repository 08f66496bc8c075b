"""Convert between our layout of pairs, side by side, and that of others, in two halves."""

from torch import Tensor
from transformers import T5Config
from transformers.models.t5.modeling_t5 import T5Attention

from attnbook.biases import RelativeBias


def to_halves(x: Tensor) -> Tensor:
    """Return ``x`` with features 2r and 2r + 1 moved to r and r + d / 2, as Llama pairs them."""
    return x.unflatten(-1, (-1, 2)).transpose(-2, -1).flatten(-2)


def from_halves(x: Tensor) -> Tensor:
    """Undo `to_halves`."""
    return x.unflatten(-1, (2, -1)).transpose(-2, -1).flatten(-2)


def t5_attention(*, bidirectional: bool) -> T5Attention:
    """Return a small attention layer of T5 with random weights."""
    config = T5Config(
        d_model=12,
        d_kv=4,
        num_heads=3,
        relative_attention_num_buckets=16,
        relative_attention_max_distance=40,
        dropout_rate=0.0,
        is_decoder=not bidirectional,
    )
    return T5Attention(config, has_relative_attention_bias=True, layer_idx=0).eval()


def from_t5(theirs: T5Attention) -> RelativeBias:
    """Return our bias with the table of T5's."""
    table = theirs.relative_attention_bias
    ours = RelativeBias(
        theirs.n_heads,
        num_buckets=table.num_embeddings,
        max_distance=theirs.relative_attention_max_distance,
        bidirectional=not theirs.is_decoder,
    ).to(table.weight.dtype)
    ours.embedding.load_state_dict(table.state_dict())
    return ours
