"""Copy the weights of others' multi-head attention into ours."""

from torch import nn
from transformers.models.clip.modeling_clip import CLIPAttention

from attnbook.multihead import MultiHeadAttention


def from_torch(theirs: nn.MultiheadAttention) -> MultiHeadAttention:
    """Return our layer with the weights of torch's, which keeps three projections in one."""
    ours = MultiHeadAttention(theirs.embed_dim, theirs.num_heads).to(theirs.in_proj_weight.dtype)
    weights, biases = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
    state = {
        "output_proj.weight": theirs.out_proj.weight,
        "output_proj.bias": theirs.out_proj.bias,
    }
    for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
        state |= {f"{name}_proj.weight": weight, f"{name}_proj.bias": bias}
    ours.load_state_dict(state)
    return ours


def from_clip(theirs: CLIPAttention) -> MultiHeadAttention:
    """Return our layer with the weights of CLIP's, which has our four layers by other names."""
    d_model = theirs.q_proj.in_features
    ours = MultiHeadAttention(d_model, theirs.num_heads).to(theirs.q_proj.weight.dtype)
    names = {"q": "query", "k": "key", "v": "value", "out": "output"}
    state = theirs.state_dict()
    ours.load_state_dict(
        {
            f"{own}_proj.{kind}": state[f"{name}_proj.{kind}"]
            for name, own in names.items()
            for kind in ("weight", "bias")
        }
    )
    return ours
