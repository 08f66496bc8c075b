"""Correct answers to the sheet `positions` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def even(name: str, width: int) -> None:
    if width % 2 != 0:
        raise ValueError(f"{name} should be a multiple of 2 but is {width}")


def encoding_by_exp(num_positions: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    position = torch.arange(num_positions, dtype=torch.double).unsqueeze(1)
    steps = torch.arange(0, d_model, 2, dtype=torch.double)
    div_term = torch.exp(steps * (-math.log(10000.0) / d_model))
    encoding = torch.zeros(num_positions, d_model)
    encoding[:, 0::2] = torch.sin(position * div_term)
    encoding[:, 1::2] = torch.cos(position * div_term)
    return encoding


def encoding_by_columns(num_positions: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    position = torch.arange(num_positions).double()
    columns = []
    for column in range(d_model):
        angle = position / 10000 ** ((column - column % 2) / d_model)
        columns.append(angle.cos() if column % 2 else angle.sin())
    return torch.stack(columns, dim=-1).float()


def encoding_by_loops(num_positions: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    slowness = [10000 ** (2 * pair / d_model) for pair in range(d_model // 2)]
    rows = []
    for position in range(num_positions):
        row = []
        for slow in slowness:
            row += [math.sin(position / slow), math.cos(position / slow)]
        rows.append(row)
    return torch.tensor(rows)


def encoding_by_phase(num_positions: int, d_model: int) -> Tensor:
    # A cosine is a sine, a quarter of a turn ahead.
    even("d_model", d_model)
    column = torch.arange(d_model, dtype=torch.float64)
    frequency = 10000.0 ** -(2 * (column // 2) / d_model)
    phase = (column % 2) * math.pi / 2
    places = torch.arange(num_positions, dtype=torch.float64)[:, None]
    return (places * frequency + phase).sin().to(torch.get_default_dtype())


def encoding_by_complex_numbers(num_positions: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    steps = torch.arange(0, d_model, 2, dtype=torch.float64) / d_model
    angles = torch.arange(num_positions, dtype=torch.float64)[:, None] / 10000.0**steps
    hands = torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(hands).flip(-1).reshape(num_positions, d_model).float()


def encoding_by_outer(num_positions: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    frequency = torch.pow(
        torch.tensor(1e4).double(), -torch.arange(d_model // 2).double() * 2 / d_model
    )
    angles = torch.outer(torch.arange(num_positions).double(), frequency)
    pairs = torch.cat([angles.sin()[..., None], angles.cos()[..., None]], dim=-1)
    return pairs.view(num_positions, d_model).to(torch.float32)


def shift_by_loops(offset: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    matrix = torch.zeros(d_model, d_model)
    for i in range(0, d_model, 2):
        angle = offset / 10000 ** (i / d_model)
        matrix[i, i] = matrix[i + 1, i + 1] = math.cos(angle)
        matrix[i, i + 1], matrix[i + 1, i] = -math.sin(angle), math.sin(angle)
    return matrix


def shift_by_strides(offset: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    angles = offset * 10000.0 ** (-torch.arange(0, d_model, 2).double() / d_model)
    matrix = torch.diag(angles.cos().repeat_interleave(2))
    first = torch.arange(0, d_model, 2)
    matrix[first, first + 1] = -angles.sin()
    matrix[first + 1, first] = angles.sin()
    return matrix.float()


def shift_by_matrix_exp(offset: int, d_model: int) -> Tensor:
    # A turn is the exponential of its rate times the quarter turn.
    even("d_model", d_model)
    rates = 10000.0 ** (-torch.arange(0, d_model, 2).double() / d_model)
    quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
    blocks = [torch.matrix_exp(offset * rate * quarter) for rate in rates]
    matrix: Tensor = torch.block_diag(*blocks).float()
    return matrix


def shift_by_turning_the_identity(offset: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    angles = offset / 10000.0 ** (torch.arange(0, d_model, 2).double() / d_model)
    pairs = torch.eye(d_model, dtype=torch.float64).unflatten(-1, (-1, 2))
    sine, cosine = pairs.unbind(-1)
    moved_sine = sine * angles.cos() + cosine * angles.sin()
    moved_cosine = cosine * angles.cos() - sine * angles.sin()
    return torch.stack([moved_sine, moved_cosine], -1).flatten(1).float()


def shift_by_kron(offset: int, d_model: int) -> Tensor:
    even("d_model", d_model)
    angles = offset * torch.exp(-torch.arange(0, d_model, 2).double() * math.log(1e4) / d_model)
    kept = torch.eye(2, dtype=torch.float64)
    quarter = torch.tensor([[0, -1], [1, 0]], dtype=torch.float64)
    turned = torch.kron(angles.cos().diag(), kept) + torch.kron(angles.sin().diag(), quarter)
    return turned.to(torch.float32)


class PositionsByIndex(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.max_len = max_len
        self.embedding = nn.Embedding(max_len, d_model)

    def forward(self, x: Tensor) -> Tensor:
        if x.size(1) > self.max_len:
            raise ValueError(f"{x.size(1)} positions, but max_len is {self.max_len}")
        position = torch.arange(x.size(1), device=x.device)
        result: Tensor = x + self.embedding(position)[None]
        return result


class PositionsBySlice(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(max_len, d_model)
        nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.embedding.weight[: x.shape[1]]
        if rows.shape[0] != x.shape[1]:
            raise ValueError(f"length {x.shape[1]} exceeds max_len {rows.shape[0]}")
        return rows.unsqueeze(0).expand_as(x) + x


class RowsAsParameter(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(max_len, d_model))


class PositionsByParameter(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.embedding = RowsAsParameter(max_len, d_model)

    def forward(self, x: Tensor) -> Tensor:
        table = self.embedding.weight
        if len(table) < x.shape[-2]:
            raise ValueError(f"max_len={len(table)} is less than the length {x.shape[-2]}")
        return torch.stack([row + table[i] for i, row in enumerate(x.unbind(1))], dim=1)


class PositionsByFunctional(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_embeddings=max_len, embedding_dim=d_model)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        if length > self.embedding.num_embeddings:
            raise ValueError(f"got {length} positions, at most {self.embedding.num_embeddings}")
        position = torch.arange(length).expand(batch, length)
        return torch.add(x, nn.functional.embedding(position, self.embedding.weight))


class PositionsByOneHot(nn.Module):
    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(max_len, d_model)

    def forward(self, x: Tensor) -> Tensor:
        max_len, length = self.embedding.weight.shape[0], x.shape[1]
        if length > max_len:
            raise ValueError(f"a sequence of {length} does not fit into {max_len} positions")
        chosen = torch.eye(max_len)[:length]
        return x + chosen @ self.embedding.weight


def angles_of(positions: Tensor, d_head: int, base: float) -> Tensor:
    if d_head % 2 == 1:
        raise ValueError(f"the width must be even, not {d_head}")
    steps = torch.arange(0, d_head, 2, dtype=torch.float64) / d_head
    return torch.outer(positions.to(torch.float64), 1.0 / base**steps)


def rope_by_complex_numbers(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    angles = angles_of(positions, x.shape[-1], base)
    pairs = torch.view_as_complex(x.double().reshape(*x.shape[:-1], -1, 2))
    turned = pairs * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(turned).flatten(-2).to(x.dtype)


def rope_by_rotating_half(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    angles = angles_of(positions, x.shape[-1], base).repeat_interleave(2, dim=-1)
    partner = torch.stack([-x[..., 1::2], x[..., 0::2]], dim=-1).flatten(-2)
    return x * angles.cos().to(x.dtype) + partner * angles.sin().to(x.dtype)


def rope_by_matrices(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    angles = angles_of(positions, x.shape[-1], base)
    rows = []
    for row, turns in zip(x.double().unbind(-2), angles, strict=True):
        blocks = [
            torch.stack([torch.stack([t.cos(), t.sin()]), torch.stack([-t.sin(), t.cos()])])
            for t in turns
        ]
        rows.append(row @ torch.block_diag(*blocks))
    return torch.stack(rows, dim=-2).to(x.dtype)


def rope_by_slices(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    angles = angles_of(positions, x.shape[-1], base)
    sin, cos = angles.sin().to(x.dtype), angles.cos().to(x.dtype)
    turned = torch.empty_like(x)
    turned[..., ::2] = x[..., ::2] * cos - x[..., 1::2] * sin
    turned[..., 1::2] = x[..., ::2] * sin + x[..., 1::2] * cos
    return turned


def rope_by_unbind(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    angles = angles_of(positions, x.shape[-1], base)
    a, b = x.unflatten(-1, (-1, 2)).double().unbind(-1)
    pairs = (a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos())
    return torch.cat([each[..., None] for each in pairs], dim=-1).view(x.shape).type_as(x)


def rope_by_einsum(x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    angles = angles_of(positions, x.shape[-1], base)
    cos, sin = angles.cos(), angles.sin()
    turns = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    pairs = x.double().unflatten(-1, (-1, 2))
    turned: Tensor = torch.einsum("lpab,...lpb->...lpa", turns, pairs)
    return turned.flatten(-2).to(x.dtype)


def alibi_by_loops(num_heads: int, num_queries: int, num_keys: int) -> Tensor:
    bias = torch.zeros(num_heads, num_queries, num_keys)
    for head in range(num_heads):
        slope = 2 ** (-8 * (head + 1) / num_heads)
        for query in range(num_queries):
            for key in range(num_keys):
                bias[head, query, key] = -slope * abs(query + num_keys - num_queries - key)
    return bias


def alibi_by_powers(num_heads: int, num_queries: int, num_keys: int) -> Tensor:
    ratio = 2 ** (-8 / num_heads)
    slopes = torch.tensor([ratio ** (head + 1) for head in range(num_heads)])
    position = torch.arange(num_keys)
    distance = (position[None, :] - position[num_keys - num_queries :, None]).abs()
    return slopes.view(-1, 1, 1) * -distance


def alibi_by_outer(num_heads: int, num_queries: int, num_keys: int) -> Tensor:
    slopes = torch.exp2(-8 * torch.arange(1, num_heads + 1) / num_heads)
    queries = torch.arange(num_keys - num_queries, num_keys)
    distance = torch.cdist(queries[:, None].float(), torch.arange(num_keys)[:, None].float(), p=1)
    return -torch.einsum("h,qk->hqk", slopes, distance)


def alibi_by_cumulation(num_heads: int, num_queries: int, num_keys: int) -> Tensor:
    slopes = torch.full((num_heads,), 2 ** (-8 / num_heads)).cumprod(0)
    steps = torch.ones(num_queries, num_keys).cumsum(1) - 1
    own = torch.arange(num_queries).add(num_keys - num_queries)
    return -((steps - own[:, None]).abs() * slopes[:, None, None])


def alibi_by_last_rows(num_heads: int, num_queries: int, num_keys: int) -> Tensor:
    row = torch.arange(num_keys, dtype=torch.float64)
    square = -(row[:, None] - row).abs()
    slopes = 2.0 ** (-8 * torch.arange(1, num_heads + 1, dtype=torch.float64) / num_heads)
    return torch.stack([slope * square[num_keys - num_queries :] for slope in slopes]).float()
