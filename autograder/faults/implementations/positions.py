"""The exercises of the sheet `positions` with every known mistake as a switch.

These functions and the class are also written into notebooks (a sample class is made of
them), so each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn


def refuse_odd(name: str, width: int, odd: str) -> None:
    """Raise an error if a width is odd, unless that is the mistake."""
    if width % 2 == 0 or odd == "passes":
        return
    if odd == "fails by itself":
        raise RuntimeError("The size of tensor a must match the size of tensor b")
    told = f", got {name}={width}" if odd == "refused" else ""
    raise ValueError(f"{name} must be even{told}")


def frequencies(
    width: int, base: float = 10000.0, exponent: str = "2i / d", direction: str = "divides"
) -> Tensor:
    """Return the angle of each pair at position 1, in float64."""
    columns = torch.arange(0, width, 2, dtype=torch.float64)
    if exponent == "each column":
        columns = torch.arange(width, dtype=torch.float64)
    factor = {"i / d": 0.5, "4i / d": 2.0}.get(exponent, 1.0)
    power = factor * columns / width
    return base**power if direction == "multiplies" else base**-power


def faulty_encoding(
    num_positions: int,
    d_model: int,
    *,
    exponent: str = "2i / d",
    base: float = 10000.0,
    direction: str = "divides",
    functions: str = "sin cos",
    layout: str = "interleaved",
    first: int = 0,
    axes: str = "positions d_model",
    kind: str = "default",
    precision: str = "float64",
    odd: str = "refused",
) -> Tensor:
    """Sinusoidal encoding with switches; correct when none is given."""
    refuse_odd("d_model", d_model, odd)
    places = torch.arange(first, first + num_positions)
    turns = frequencies(d_model, base, exponent, direction)
    if precision == "float32":
        turns = turns.float()
    angles = places[:, None] * turns
    of_sin, of_cos = angles, angles
    if exponent == "each column":
        of_sin, of_cos = angles[:, 0::2], angles[:, 1::2]
        of_cos = torch.cat([of_cos, of_cos[:, : of_sin.shape[1] - of_cos.shape[1]]], dim=1)
    pair = [of_sin.sin(), of_cos.sin() if functions == "sin sin" else of_cos.cos()]
    if functions == "cos sin":
        pair = [of_sin.cos(), of_cos.sin()]
    joined = torch.cat(pair, dim=1) if layout == "halves" else torch.stack(pair, dim=2).flatten(1)
    encoding = joined[:, :d_model].to(torch.float64 if kind == "float64" else torch.float32)
    if axes == "batch first":
        return encoding[None]
    return encoding.T if axes == "d_model positions" else encoding


def faulty_shift(
    offset: int,
    d_model: int,
    *,
    turn: str = "forward",
    method: str = "turns",
    rates: str = "each",
    exponent: str = "2i / d",
    direction: str = "divides",
    layout: str = "pairs",
    signs: str = "opposite",
    unit: str = "radians",
    sign_of_offset: str = "kept",
    kind: str = "default",
    odd: str = "refused",
) -> Tensor:
    """Shift matrix with switches; correct when none is given."""
    refuse_odd("d_model", d_model, odd)
    turns = frequencies(d_model, 10000.0, exponent, direction)
    if rates == "one":
        turns = torch.ones_like(turns)
    if unit == "degrees":
        turns = turns * math.pi / 180
    offset = abs(offset) if sign_of_offset == "lost" else offset
    offset = -offset if turn == "backward" else offset
    if method == "ratios":
        later, now = (1 + offset) * turns, turns
        matrix = torch.stack([later.sin() / now.sin(), later.cos() / now.cos()], dim=1)
        matrix = torch.diag(matrix.flatten())
    else:
        sin, cos = (offset * turns).sin(), (offset * turns).cos()
        other = sin if signs == "same" else -sin
        blocks = torch.stack([cos, other, sin, cos], dim=1).unflatten(1, (2, 2))
        matrix = torch.block_diag(*blocks)
    if layout == "halves":
        order = torch.cat([torch.arange(0, len(matrix), 2), torch.arange(1, len(matrix), 2)])
        matrix = matrix[order][:, order]
    return matrix[:d_model, :d_model].to(torch.float64 if kind == "float64" else torch.float32)


class FaultyPositions(nn.Module):
    """Learned positions with switches; correct when none is given."""

    def __init__(
        self,
        max_len: int,
        d_model: int,
        *,
        table: str = "embedding",
        too_long: str = "refused",
        rows: str = "each its own",
        combined: str = "added",
        scale: str = "none",
        inputs: str = "kept",
    ) -> None:
        super().__init__()
        made = nn.Embedding(max_len, d_model)
        if table == "in a list":
            self.tables = [made]
        else:
            self.embedding = made
        self.table, self.too_long, self.rows = table, too_long, rows
        self.combined, self.scale, self.inputs = combined, scale, inputs

    def forward(self, x: Tensor) -> Tensor:
        """Return x with positions, or what comes out of a mistake."""
        batch, length, d_model = x.shape
        max_len = self.embedding.num_embeddings
        if length > max_len:
            if self.too_long in ("refused", "no values"):
                told = f", got {length} and {max_len}" if self.too_long == "refused" else ""
                raise ValueError(f"the sequence is longer than max_len{told}")
            if self.too_long == "cut":
                x = x[:, :max_len]
        places = self.places(batch, x.shape[1], max_len)
        rows = self.embedding.weight[places]
        if self.rows == "by sequence":
            rows = rows[:, None]
        if self.table == "detached":
            rows = rows.detach()
        if self.scale == "sqrt d_model":
            rows = rows * math.sqrt(d_model)
        output = self.joined(x.clone(), rows)
        if self.inputs == "changed":
            x.copy_(output[..., :d_model])
        return output

    def places(self, batch: int, length: int, max_len: int) -> Tensor:
        """Return which row of the table each position gets."""
        places = torch.arange(batch if self.rows == "by sequence" else length)
        if self.rows == "one later":
            places = places + 1
        if self.rows == "backwards":
            places = places.flip(0)
        if self.rows == "one for all":
            places = places * 0
        if self.too_long == "the last row again":
            return places.clamp(max=max_len - 1)
        return places

    def joined(self, x: Tensor, rows: Tensor) -> Tensor:
        """Return what x and the rows make together."""
        rows = rows.expand(x.shape)
        if self.combined == "rows alone":
            return rows.clone()
        if self.combined == "multiplied":
            return x * rows
        return torch.cat([x, rows], dim=-1) if self.combined == "side by side" else x + rows


def faulty_rope(
    x: Tensor,
    positions: Tensor,
    base: float = 10000.0,
    *,
    turn: str = "counterclockwise",
    pairs: str = "neighbors",
    come_out: str = "as they were",
    mixing: str = "rotation",
    rates: str = "each",
    exponent: str = "2i / d",
    bases: str = "given",
    places: str = "given",
    kind: str = "kept",
    precision: str = "float64",
    inputs: str = "kept",
    odd: str = "refused",
) -> Tensor:
    """Rotary positions with switches; correct when none is given."""
    d_head = x.shape[-1]
    refuse_odd("d_head", d_head, odd)
    if places != "given":
        positions = positions + 1 if places == "one later" else torch.arange(x.shape[-2])
    turns = frequencies(d_head, 10000.0 if bases == "10000" else base, exponent)
    if rates == "one":
        turns = torch.ones_like(turns)
    if precision == "float32":
        turns, positions = turns.float(), positions.float()
    angles = positions[:, None] * turns
    sin, cos = angles.sin().double(), angles.cos().double()
    sin = -sin if turn == "clockwise" else sin
    whole = x.double()
    if odd == "passes" and d_head % 2:
        whole = torch.cat([whole, torch.zeros_like(whole[..., :1])], dim=-1)
    a, b = whole[..., 0::2], whole[..., 1::2]
    if pairs == "halves":
        a, b = whole.chunk(2, dim=-1)
    turned = mixed(a, b, sin, cos, mixing)
    if pairs == "halves" or come_out == "in two halves":
        output = torch.cat(turned, dim=-1)
    else:
        output = torch.stack(turned, dim=-1).flatten(-2)
    output = output[..., :d_head].to(
        {"float64": torch.float64, "float32": torch.float32}.get(kind, x.dtype)
    )
    if inputs == "changed":
        x.copy_(output)
    return output


def mixed(a: Tensor, b: Tensor, sin: Tensor, cos: Tensor, mixing: str) -> list[Tensor]:
    """Return what becomes of the two features of each pair."""
    if mixing == "no minus":
        return [a * cos + b * sin, a * sin + b * cos]
    if mixing == "no partner":
        return [a * cos + a * sin, b * cos + b * sin]
    if mixing == "sin and cos swapped":
        return [a * sin - b * cos, a * cos + b * sin]
    if mixing == "cosine alone":
        return [a * cos, b * cos]
    if mixing == "angles added":
        return [a + sin, b + cos]
    return [a * cos - b * sin, a * sin + b * cos]


def faulty_alibi(
    num_heads: int,
    num_queries: int,
    num_keys: int,
    *,
    sign: str = "penalty",
    slopes: str = "geometric",
    order: str = "steepest first",
    corner: str = "last",
    distance: str = "absolute",
    axes: str = "head query key",
    kind: str = "default",
) -> Tensor:
    """Linear biases with switches; correct when none is given."""
    steep = head_slopes(num_heads, slopes)
    if order == "steepest last":
        steep = steep.flip(0)
    first = num_keys - num_queries if corner == "last" else 0
    queries = torch.arange(num_queries)[:, None] + first
    keys = torch.arange(num_keys)[None, :]
    apart: Any = {
        "absolute": (queries - keys).abs(),
        "signed": queries - keys,
        "later keys free": (queries - keys).clamp(min=0),
        "squared": (queries - keys) ** 2,
        "key alone": -keys + 0 * queries,
    }[distance]
    bias = -steep[:, None, None] * apart
    if sign == "reward":
        bias = -bias
    result: Tensor = bias.to(torch.float64 if kind == "float64" else torch.float32)
    return result.permute(1, 2, 0) if axes == "query key head" else result


def head_slopes(num_heads: int, slopes: str) -> Tensor:
    """Return the slope of each head, in float64."""
    heads = torch.arange(1, num_heads + 1, dtype=torch.float64)
    if slopes == "arithmetic":
        return (num_heads + 1 - heads) / num_heads
    if slopes == "from head 0":
        return 2.0 ** (-8 * (heads - 1) / num_heads)
    if slopes == "without the 8":
        return 2.0 ** (-heads / num_heads)
    if slopes == "whatever num_heads":
        return 2.0**-heads
    geometric: Tensor = 2.0 ** (-8 * heads / num_heads)
    return geometric[:1].expand(num_heads) if slopes == "one for all" else geometric
