"""Inputs that tell the mistakes of the sheet `blocks` apart, from the smallest up."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.faults.model import Probe

ROW = torch.tensor([[1.0, 2.0, 6.0]])
ROWS = torch.tensor([[1.0, 2.0, 6.0], [-4.0, 0.5, 2.0]])
GAIN, BIAS = torch.tensor([1.0, 2.0, -0.5]), torch.tensor([0.0, 1.0, -3.0])


def _drawn(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return fixed numbers that look random; the seed is the shape, so probes never shift."""
    generator = torch.Generator().manual_seed(sum(n * 31**i for i, n in enumerate(shape)))
    return torch.randn(*shape, generator=generator).to(dtype)


def layer_norm_probes() -> tuple[Probe, ...]:
    """Return probes for a layer norm."""
    ones, zeros = torch.ones(3), torch.zeros(3)
    cases: tuple[tuple[str, Tensor, Tensor, Tensor, float | None, bool], ...] = (
        ("one row, gain 1, bias 0", ROW, ones, zeros, None, False),
        ("one row", ROW, GAIN, BIAS, None, False),
        ("two rows", ROWS, GAIN, BIAS, None, False),
        ("small numbers", ROW / 256, GAIN, BIAS, None, False),
        ("another eps", ROW, GAIN, BIAS, 0.5, False),
        ("equal numbers", torch.full((1, 3), 2.0), GAIN, BIAS, None, False),
        ("numbers far from 0", ROWS + 4096, GAIN, BIAS, None, False),
        ("no axis but the features", ROW[0], GAIN, BIAS, None, False),
        ("gradients", ROWS, GAIN, BIAS, None, True),
        ("gradients, another eps", ROWS / 4, GAIN, BIAS, 0.5, True),
        ("gradients, equal numbers", torch.full((1, 3), 2.0), GAIN, BIAS, None, True),
        ("float16", ROWS.half(), GAIN.half(), BIAS.half(), None, False),
        ("bfloat16", ROWS.bfloat16(), GAIN.bfloat16(), BIAS.bfloat16(), None, False),
        ("a batch of 2, 3 positions", _drawn(2, 3, 5), _drawn(5), _drawn(5) + 1, None, True),
        ("four axes", _drawn(2, 3, 7, 5), _drawn(5), _drawn(5) + 1, None, True),
    )
    return tuple(
        Probe(
            name,
            {"x": x, "gain": gain, "bias": bias} | ({} if eps is None else {"eps": eps}),
            gradients,
        )
        for name, x, gain, bias, eps, gradients in cases
    )


def feed_forward_probes() -> tuple[Probe, ...]:
    """Return probes for a feed-forward network."""
    small = {
        "w1": torch.tensor([[1.0, -1.0, 2.0], [0.5, 3.0, -1.0]]),
        "b1": torch.tensor([-1.0, 2.0, 0.5]),
        "w2": torch.tensor([[1.0, 0.0], [-2.0, 1.0], [0.5, -3.0]]),
        "b2": torch.tensor([0.25, -4.0]),
    }
    x = torch.tensor([[1.0, 2.0], [-3.0, 0.5], [0.0, 1.0]])
    large = {"w1": _drawn(5, 11), "b1": _drawn(11), "w2": _drawn(11, 5), "b2": _drawn(5)}
    half = {name: tensor.half() for name, tensor in small.items()}
    no_bias = small | {"b1": torch.zeros(3), "b2": torch.zeros(2)}
    return (
        Probe("one position, no biases", {"x": x[:1], **no_bias}),
        Probe("one position", {"x": x[:1], **small}),
        Probe("three positions", {"x": x, **small}),
        Probe("no axis but the features", {"x": x[0], **small}),
        Probe("float16", {"x": x.half(), **half}),
        Probe("gradients", {"x": x, **small}, gradients=True),
        Probe("a batch of 2, 3 positions", {"x": _drawn(2, 3, 5), **large}, gradients=True),
    )


def profile_probes() -> tuple[Probe, ...]:
    """Return probes for a gradient profile."""
    x = torch.tensor([[1.0, 2.0], [-3.0, 0.5]])
    one = torch.tensor([[[1.0, -1.0], [0.5, 2.0]]])
    two = torch.stack([one[0], torch.tensor([[-0.5, 2.0], [1.0, 1.0]])])
    wide, deep = _drawn(3, 5), _drawn(7, 5, 5) / 5**0.5
    return (
        Probe("one layer", {"x": x[:1], "weights": one, "residual": False}),
        Probe("one layer, residual", {"x": x[:1], "weights": one, "residual": True}),
        Probe("two layers", {"x": x, "weights": two, "residual": False}),
        Probe("two layers, residual", {"x": x, "weights": two, "residual": True}),
        Probe("seven layers", {"x": wide, "weights": deep, "residual": False}),
        Probe("seven layers, residual", {"x": wide, "weights": deep, "residual": True}),
        Probe(
            "seven layers in float64",
            {"x": wide.double(), "weights": deep.double(), "residual": True},
        ),
    )


def encoder_block_probes() -> tuple[Probe, ...]:
    """Return probes for an encoder block; few, since each makes a module."""
    small: dict[str, object] = {"d_model": 4, "num_heads": 2, "d_ff": 5}
    two = torch.tensor([[[1.0, 0.0, -2.0, 0.5], [0.0, 3.0, 1.0, -1.0]]])
    batch, mask = _drawn(2, 3, 4), torch.ones(2, 1, 3, 3, dtype=torch.bool).tril()
    mask[1, :, :, 0] = False  # so that one position sees nothing
    orders = {"the norm first": small | {"norm_first": True}}
    orders["the norm last"] = small | {"norm_first": False}
    masked: dict[str, object] = {"x": batch, "mask": mask}
    return (
        Probe("its parameters", orders["the norm first"]),
        *(Probe(f"{words}, two positions", made | {"x": two}) for words, made in orders.items()),
        *(Probe(f"{words}, a batch of 2, a mask", made | masked) for words, made in orders.items()),
        Probe("the norm first, gradients", orders["the norm first"] | masked, gradients=True),
    )
