"""Correct answers to the sheet `blocks` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def norm_by_torch(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    return nn.functional.layer_norm(x, (x.shape[-1],), gain, bias, eps)


def norm_by_var(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = x.var(-1, keepdim=True, correction=0)
    return gain * (x - mean) / torch.sqrt(variance + eps) + bias


def norm_by_loops(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    rows = []
    for row in x.reshape(-1, x.shape[-1]):
        centered = row - row.sum() / len(row)
        variance = (centered * centered).sum() / len(row)
        rows.append(centered / (variance + eps) ** 0.5 * gain + bias)
    return torch.stack(rows).reshape(x.shape)


def norm_by_matrix(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    # Subtracting the mean is a projection: a product with a fixed matrix.
    d = x.shape[-1]
    centered = x.double() @ (torch.eye(d, dtype=torch.float64) - 1 / d)
    length = centered.square().sum(-1, keepdim=True)
    return (centered * (length / d + eps).pow(-0.5) * gain + bias).to(x.dtype)


def norm_in_float32(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    wide = x.float() if x.dtype in {torch.float16, torch.bfloat16} else x
    variance, mean = torch.var_mean(wide, dim=-1, correction=0, keepdim=True)
    normed = (wide - mean) * torch.rsqrt(variance + eps)
    return (normed * gain + bias).to(x.dtype)


def norm_by_centering_twice(x: Tensor, gain: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    centered = x - x.mean(dim=-1, keepdim=True)
    centered = centered - centered.mean(dim=-1, keepdim=True)
    deviation = torch.sqrt(torch.mean(centered**2, dim=-1, keepdim=True) + eps)
    return torch.addcmul(bias.expand_as(x), centered / deviation, gain.expand_as(x))


def network_by_clamp(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return (x @ w1 + b1).clamp(min=0) @ w2 + b2


def network_by_where(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    hidden = torch.matmul(x, w1) + b1
    hidden = torch.where(hidden > 0, hidden, torch.zeros_like(hidden))
    return torch.matmul(hidden, w2) + b2


def network_by_einsum(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    hidden = torch.einsum("...m,mf->...f", x, w1) + b1
    return torch.einsum("...f,fm->...m", hidden * (hidden > 0), w2) + b2


def network_by_linear(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    hidden = nn.functional.linear(x, w1.T, b1)
    return nn.functional.linear(nn.functional.relu(hidden), w2.T, b2)


def network_by_units(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    output = b2.expand(x.shape)
    for unit in range(w1.shape[-1]):
        on = torch.relu((x * w1[:, unit]).sum(-1, keepdim=True) + b1[unit])
        output = output + on * w2[unit]
    return output


def network_by_positions(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    rows = [torch.relu(row @ w1 + b1) @ w2 + b2 for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape)


class HeadsInALoop(nn.Module):
    """The attention that the sheet gives, head by head."""

    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        self.d_head = d_model // num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        parts = [
            self.query_proj(query).split(self.d_head, -1),
            self.key_proj(key).split(self.d_head, -1),
            self.value_proj(value).split(self.d_head, -1),
        ]
        heads = []
        for number, (q, k, v) in enumerate(zip(*parts, strict=True)):
            scores = q @ k.mT / math.sqrt(self.d_head)
            if mask is not None:
                seen = mask[:, min(number, mask.shape[1] - 1)] if mask.dim() == 4 else mask
                weights = scores.masked_fill(~seen, -math.inf).softmax(-1).masked_fill(~seen, 0.0)
            else:
                weights = scores.softmax(-1)
            heads.append(weights @ v)
        output: Tensor = self.output_proj(torch.cat(heads, -1))
        return output


class Parts(nn.Module):
    """What every block here is made of."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool) -> None:
        super().__init__()
        self.attention = HeadsInALoop(d_model, num_heads)
        self.attention_norm = nn.LayerNorm(d_model)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model)
        )
        self.feed_forward_norm = nn.LayerNorm(d_model)
        self.first = norm_first


class BlockWithBranches(Parts):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.first:
            y = self.attention_norm(x)
            x = x + self.attention(y, y, y, mask)
            pre_norm: Tensor = x + self.feed_forward(self.feed_forward_norm(x))
            return pre_norm
        x = self.attention_norm(x + self.attention(x, x, x, mask))
        output: Tensor = self.feed_forward_norm(x + self.feed_forward(x))
        return output


class BlockWithHelper(Parts):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.around(lambda y: self.attention(y, y, y, mask), self.attention_norm, x)
        return self.around(self.feed_forward, self.feed_forward_norm, x)

    def around(self, sublayer, norm: nn.Module, x: Tensor) -> Tensor:  # type: ignore[no-untyped-def]  # noqa: ANN001
        output: Tensor = x + sublayer(norm(x)) if self.first else norm(x + sublayer(x))
        return output


class BlockWithIdentities(Parts):
    """A norm before and one after each sublayer; one of the two does nothing."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        nothing = nn.Identity()
        for norm, sublayer in (
            (self.attention_norm, self.attention),
            (self.feed_forward_norm, self.feed_forward),
        ):
            before, after = (norm, nothing) if self.first else (nothing, norm)
            y = before(x)
            new = sublayer(y, y, y, mask) if sublayer is self.attention else sublayer(y)
            x = after(new.add(x))
        return x


class BlockByLists(nn.Module):
    """With a parameter more than is asked for, and its layers in lists as well."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.attention = HeadsInALoop(d_model, num_heads)
        layers = [nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model)]
        self.feed_forward = nn.Sequential(*layers)
        self.attention_norm, self.feed_forward_norm = (nn.LayerNorm(d_model) for _ in range(2))
        self.unused = nn.Parameter(torch.zeros(d_model))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        stream = [x]
        y = self.attention_norm(stream[-1]) if self.norm_first else stream[-1]
        stream.append(stream[-1] + self.attention(y, y, y, mask=mask))
        if not self.norm_first:
            stream.append(self.attention_norm(stream[-1]))
        y = self.feed_forward_norm(stream[-1]) if self.norm_first else stream[-1]
        stream.append(stream[-1] + self.feed_forward(y))
        if not self.norm_first:
            stream.append(self.feed_forward_norm(stream[-1]))
        return stream[-1]


class BlockWithAddedInputs(Parts):
    """Keeps the stream apart and adds up what the sublayers write to it."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if not self.first:
            gathered = self.attention_norm(torch.add(x, self.attention(x, x, x, mask)))
            output: Tensor = self.feed_forward_norm(gathered + self.feed_forward(gathered))
            return output
        y = self.attention_norm(x)
        gathered = self.attention(y, y, y, mask)
        thought = self.feed_forward(self.feed_forward_norm(x + gathered))
        return torch.stack([x, gathered, thought]).sum(0)


def profile_by_hand(x: Tensor, weights: Tensor, residual: bool) -> Tensor:
    state, opened = x, []
    for w in weights:
        mapped = state @ w
        opened.append((mapped > 0).to(x.dtype))
        state = (state if residual else 0) + mapped.clamp(min=0)
    gradient, norms = state, [state.norm()]
    for w, is_open in zip(reversed(weights), reversed(opened), strict=True):
        through = (gradient * is_open) @ w.T
        gradient = gradient + through if residual else through
        norms.append(gradient.norm())
    return torch.stack(norms[::-1])


def profile_by_retain_grad(x: Tensor, weights: Tensor, residual: bool) -> Tensor:
    states = [x.detach().clone().requires_grad_()]
    for w in weights.detach():
        new = torch.relu(states[-1] @ w)
        states.append(states[-1] + new if residual else new)
        states[-1].retain_grad()
    (0.5 * states[-1].pow(2).sum()).backward()
    grads = [state.grad for state in states if state.grad is not None]
    return torch.tensor([float(g.square().sum().sqrt()) for g in grads], dtype=x.dtype)


def profile_from_each_layer(x: Tensor, weights: Tensor, residual: bool) -> Tensor:
    def rest(state: Tensor, start: int) -> Tensor:
        for w in weights[start:]:
            state = (state if residual else 0) + torch.relu(state @ w)
        return state

    norms, state = [], x.detach()
    for start in range(len(weights) + 1):
        leaf = state.clone().requires_grad_()
        (gradient,) = torch.autograd.grad((rest(leaf, start) ** 2).sum() / 2, leaf)
        norms.append(torch.linalg.vector_norm(gradient))
        if start < len(weights):
            state = _step(state, weights[start], residual)
    return torch.stack(norms)


def _step(state: Tensor, w: Tensor, residual: bool) -> Tensor:
    new = torch.relu(state @ w)
    return (state + new).detach() if residual else new.detach()


def profile_by_differences(x: Tensor, weights: Tensor, residual: bool) -> Tensor:
    inputs = []
    state = x.detach().clone().requires_grad_()
    for w in weights.detach().unbind(0):
        inputs.append(state)
        state = torch.add(torch.relu(state.matmul(w)), state, alpha=int(residual))
    gradients = torch.autograd.grad(state, inputs, state.detach())
    return torch.stack([*(g.flatten().norm() for g in gradients), state.detach().flatten().norm()])


def profile_by_jacobians(x: Tensor, weights: Tensor, residual: bool) -> Tensor:
    d = x.shape[-1]
    state, jacobians = x, []
    for w in weights:
        mapped = state @ w
        jacobian = w * (mapped > 0)[:, None, :].to(x.dtype)
        jacobians.append(jacobian + torch.eye(d, dtype=x.dtype) if residual else jacobian)
        state = torch.relu(mapped) + state if residual else torch.relu(mapped)
    gradient = state[..., None]
    norms = [gradient.norm()]
    for jacobian in jacobians[::-1]:
        gradient = jacobian @ gradient
        norms.insert(0, gradient.norm())
    return torch.stack(norms)
