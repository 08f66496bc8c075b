"""The exercises of the sheet `blocks` with every known mistake as a switch.

These functions and classes are also written into notebooks (a sample class is made of
them), so each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def mean_and_square(x: Tensor, over: str, statistics: str) -> tuple[Tensor, Tensor]:
    """Return the mean, and what stands for the variance, over one axis or several."""
    dims = {
        "features": (-1,),
        "positions": (-2,),
        "axis 0": (0,),
        "axis 1": (1,),
        "matrix": (-2, -1),
    }
    dim: tuple[int, ...] = dims.get(over, tuple(range(x.dim())))
    mean = x.mean(dim, keepdim=True)
    if statistics in {"root mean square", "mean square"}:
        return mean, x.square().mean(dim, keepdim=True)
    if statistics == "difference of squares":
        return mean, x.square().mean(dim, keepdim=True) - mean.square()
    square = (x - mean).square().mean(dim, keepdim=True)
    count = x.numel() // mean.numel()
    return mean, square * count / (count - 1) if statistics == "unbiased" else square


def faulty_layer_norm(
    x: Tensor,
    gain: Tensor,
    bias: Tensor,
    eps: float = 1e-5,
    *,
    statistics: str = "mean and variance",
    root: str = "of variance and eps",
    eps_used: str = "given",
    over: str = "features",
    affine: str = "gain and bias",
    gradient: str = "flows",
    inputs: str = "kept",
    kind: str = "kept",
) -> Tensor:
    """Layer norm with switches; correct when none is given."""
    mean, square = mean_and_square(x, over, statistics)
    if gradient == "detached":
        mean, square = mean.detach(), square.detach()
    eps = {"given": eps, "fixed": 1e-5}.get(eps_used, 0.0)
    divisors = {"eps outside": square.sqrt() + eps, "no root": square + eps}
    divisor = divisors.get(root, (square + eps).sqrt())
    if statistics in {"not centered", "root mean square"}:
        mean = torch.zeros_like(mean)
    centered = x.sub_(mean) if inputs == "changed" else x - mean
    normed = centered.div_(divisor) if inputs == "changed" else centered / divisor
    if affine == "bias before gain":
        normed = (normed + bias) * gain
    else:
        factors = {"no gain": torch.ones_like(gain), "gain plus 1": 1 + gain}
        normed = normed * factors.get(affine, gain) + (0 if affine == "no bias" else bias)
    return normed.float() if kind == "float32" else normed


def faulty_feed_forward(
    x: Tensor,
    w1: Tensor,
    b1: Tensor,
    w2: Tensor,
    b2: Tensor,
    *,
    activation: str = "between",
    function: str = "relu",
    first_bias: str = "before the activation",
    second_bias: str = "added",
    second_map: str = "w2",
    positions: str = "apart",
    residual: str = "none",
    gradient: str = "flows",
) -> Tensor:
    """Feed-forward network with switches; correct when none is given."""
    functions = {"gelu": nn.GELU(), "tanh": nn.Tanh(), "leaky": nn.LeakyReLU()}
    bend = functions.get(function, nn.ReLU())
    read = x.transpose(-2, -1).reshape(x.shape) if positions == "turned" else x
    hidden = (bend(read) if activation == "before" else read) @ w1
    if first_bias == "before the activation":
        hidden = hidden + b1
    if activation in {"between", "both"}:
        hidden = bend(hidden)
    if first_bias == "after the activation":
        hidden = hidden + b1
    if positions == "averaged":
        hidden = hidden.mean(-2, keepdim=True).expand(hidden.shape)
    if gradient == "detached":
        hidden = hidden.detach()
    output = hidden @ (w1.transpose(-2, -1) if second_map == "w1 turned" else w2)
    if second_bias == "added":
        output = output + b2
    if activation in {"after", "both"}:
        output = bend(output)
    result: Tensor = x + output if residual == "added" else output
    return result


def faulty_profile(
    x: Tensor,
    weights: Tensor,
    residual: bool,
    *,
    added: str = "if asked",
    layer: str = "stream and relu",
    maps: str = "row vectors",
    objective: str = "half the squares",
    size: str = "norm",
    entries: str = "gradients",
    order: str = "first layer first",
) -> Tensor:
    """Gradient profile with switches; correct when none is given."""
    residual = {"always": True, "never": False}.get(added, residual)
    stream = x.clone().requires_grad_()
    maps_used = weights.clone().requires_grad_()
    states = [stream]
    for i in range(len(weights)):
        w = maps_used[0] if maps == "first for all" else maps_used[i]
        mapped = stream @ (w.transpose(0, 1) if maps == "turned" else w)
        if layer == "relu of the sum":
            stream = torch.relu(stream + mapped if residual else mapped)
        else:
            new = mapped if layer == "no relu" else torch.relu(mapped)
            stream = stream + new if residual else new
        states.append(stream)
    losses = {"sum": stream.sum(), "squares": stream.square().sum(), "mean": stream.square().mean()}
    loss = losses.get(objective, stream.square().sum() / 2)
    wanted = maps_used if entries == "of the weights" else states
    found = [*torch.autograd.grad(loss, wanted)]
    if entries == "of the weights":
        found = [*found[0]]
    if entries == "states":
        found = [state.detach() for state in states]
    found = {"without the input": found[1:], "without the end": found[:-1]}.get(entries, found)
    sizes = {
        "squared": lambda g: g.square().sum(),
        "absolute": lambda g: g.abs().sum(),
        "largest": lambda g: g.abs().max(),
        "per example": lambda g: g.norm(dim=-1).mean(),
    }
    profile = torch.stack([sizes.get(size, torch.norm)(g) for g in found])
    return profile.flip(0) if order == "last layer first" else profile


class FaultyAttention(nn.Module):
    """The attention that the sheet gives."""

    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Return what each query gathers."""
        layers = (self.query_proj, self.key_proj, self.value_proj)
        queries, keys, values = (
            layer(x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for layer, x in zip(layers, (query, key, value), strict=True)
        )
        scores = queries @ keys.transpose(-2, -1) / math.sqrt(queries.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        weights = scores.softmax(-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)
        output: Tensor = self.output_proj((weights @ values).transpose(1, 2).flatten(2))
        return output


class FaultyEncoderBlock(nn.Module):
    """Encoder block with switches; correct when none is given."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        norm_first: bool,
        *,
        order: str = "as asked",
        residual: str = "attention feed_forward",
        stream: str = "as it is",
        norms: str = "own",
        wiring: str = "attention first",
        keys: str = "as the queries",
        mask: str = "used",
        activation: str = "relu",
        width: str = "d_ff",
        heads: str = "as asked",
        inputs: str = "kept",
    ) -> None:
        super().__init__()
        orders = {"always after": False, "always before": True, "inverted": not norm_first}
        self.norm_first = orders.get(order, norm_first)
        self.residual, self.stream, self.norms = residual, stream, norms
        self.wiring, self.keys, self.mask, self.inputs = wiring, keys, mask, inputs
        hidden = 4 * d_model if width == "four times" else d_ff
        bends = {"none": nn.Identity(), "gelu": nn.GELU()}
        self.attention = FaultyAttention(d_model, 1 if heads == "one" else num_heads)
        self.attention_norm = nn.LayerNorm(d_model)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, hidden), bends.get(activation, nn.ReLU()), nn.Linear(hidden, d_model)
        )
        self.feed_forward_norm = nn.LayerNorm(d_model)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return x after a block, or what comes out of a mistake."""
        if mask is not None and self.mask != "used":
            mask = ~mask if self.mask == "inverted" else None
        sublayers = ["attention", "feed_forward"]
        if self.wiring == "feed-forward first":
            sublayers.reverse()
        read = given = x
        for name in sublayers:
            x = self.added(x, read, name, mask)
            read = given if "parallel" in self.residual else x
        return x

    def added(self, x: Tensor, read: Tensor, name: str, mask: Tensor | None) -> Tensor:
        """Return the stream x with what one sublayer makes of what it reads."""
        norm = self.norm_of(name)
        y = norm(read) if self.norm_first else read
        if name == "attention":
            others = read if self.keys == "not normed" else y
            new = self.attention(y, others, others, mask)
        else:
            new = self.feed_forward(y)
        if name in self.residual:
            stream = norm(x) if self.stream == "normed" and self.norm_first else x
            new = stream.add_(new) if self.inputs == "changed" else stream + new
        result: Tensor = new if self.norm_first else norm(new)
        return result

    def norm_of(self, name: str) -> nn.Module:
        """Return the norm that goes with a sublayer."""
        second = self.feed_forward_norm
        norms = {"attention": self.attention_norm, "feed_forward": second}
        if self.norms == "first twice":
            norms["feed_forward"] = self.attention_norm
        if self.norms == "swapped":
            norms = {"attention": second, "feed_forward": self.attention_norm}
        if self.norms == "first alone" and name == "feed_forward":
            return nn.Identity()
        return norms[name]
