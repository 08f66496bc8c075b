"""Copy the weights of torch's multi-head attention into ours."""

from torch import nn

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
