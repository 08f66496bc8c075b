"""Losses, schedule and loop: what they compute, and what they refuse."""

import math

import pytest
import torch
from torch import Tensor, nn

from attnbook.training import (
    cosine_rate,
    masked_cross_entropy,
    shift_right,
    train,
    warmup_rate,
)

GENERATOR = torch.Generator()


def test_what_is_fed_is_what_came_before() -> None:
    targets = torch.tensor([[5, 6, 7], [8, 2, 0]])
    assert shift_right(targets, 1).tolist() == [[1, 5, 6], [1, 8, 2]]
    assert targets.tolist() == [[5, 6, 7], [8, 2, 0]]


def test_padding_does_not_count() -> None:
    logits = torch.randn(2, 5, 7, generator=GENERATOR.manual_seed(3))
    targets = torch.tensor([[1, 2, 3, 4, 5], [6, 1, 0, 0, 0]])
    loss = masked_cross_entropy(logits, targets, pad_id=0, label_smoothing=0.1)
    other = logits.clone()
    other[1, 2:] += torch.randn(3, 7)
    assert torch.equal(masked_cross_entropy(other, targets, 0, 0.1), loss)


def test_nothing_but_padding_costs_nothing_and_has_finite_gradients() -> None:
    logits = torch.randn(2, 5, 7, requires_grad=True)
    loss = masked_cross_entropy(logits, torch.zeros(2, 5, dtype=torch.long), 0, 0.1)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None
    assert (logits.grad == 0).all()


def test_the_best_answer_to_smoothed_targets_is_the_smoothed_distribution() -> None:
    vocab, smoothing = 7, 0.3
    best = torch.full((vocab,), smoothing / (vocab - 1), dtype=torch.float64)
    best[4] += 1 - smoothing
    best[0] = 1e-30  # padding gets nothing
    targets = torch.full((1, 1), 4)
    logits = best.log().expand(1, 1, vocab).clone().requires_grad_()
    masked_cross_entropy(logits, targets, 0, smoothing).backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-12


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_smoothing_outside_its_range_is_refused(smoothing: float) -> None:
    rule = f"label_smoothing must be at least 0 and less than 1, got {smoothing}"
    with pytest.raises(ValueError, match=rule):
        masked_cross_entropy(torch.zeros(1, 1, 3), torch.ones(1, 1, dtype=torch.long), 0, smoothing)


def test_the_rate_rises_evenly_and_falls_with_the_root() -> None:
    assert warmup_rate(20, 64, 100) == pytest.approx(2 * warmup_rate(10, 64, 100))
    assert warmup_rate(400, 64, 100) == pytest.approx(warmup_rate(100, 64, 100) / 2)
    assert max(range(1, 1000), key=lambda step: warmup_rate(step, 64, 100)) == 100
    assert warmup_rate(100, 256, 100) == pytest.approx(warmup_rate(100, 64, 100) / 2)


def test_the_rate_rises_evenly_and_falls_along_a_cosine() -> None:
    rates = [cosine_rate(step, 3.0, 30, 10) for step in range(1, 31)]
    assert rates[:10] == pytest.approx([0.3 * step for step in range(1, 11)])
    assert rates[19] == pytest.approx(1.5)
    assert rates[29] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("step", "warmup"), [(0, 100), (1, 0)])
def test_a_step_before_the_first_is_refused(step: int, warmup: int) -> None:
    rule = f"steps are counted from 1, got step={step} and warmup_steps={warmup}"
    with pytest.raises(ValueError, match=rule):
        warmup_rate(step, 64, warmup)


def squared_error(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return (model(x) - y).square().mean()


def test_training_learns_and_follows_the_rate() -> None:
    torch.manual_seed(3)
    model, truth = nn.Linear(5, 3), nn.Linear(5, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
    rates = []

    def rate(step: int) -> float:
        rates.append(step)
        return 0.03

    inputs = [torch.randn(11, 5) for _ in range(200)]
    batches = [(x, truth(x).detach()) for x in inputs]
    losses = train(model, batches, squared_error, optimizer, rate=rate)
    assert losses[-1] < losses[0] / 100
    assert rates == list(range(1, 201))
    assert optimizer.param_groups[0]["lr"] == 0.03


def test_long_gradients_are_shortened() -> None:
    model = nn.Linear(5, 1, bias=False)
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    train(model, [(torch.full((7, 5), 1e3), torch.ones(7, 1))], squared_error, optimizer)
    assert model.weight.norm().item() == pytest.approx(1.0, rel=1e-3)


def test_a_loss_that_is_not_finite_stops_the_training_and_names_the_step() -> None:
    model = nn.Linear(5, 1)
    before = model.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    batches = [
        (torch.ones(2, 5), torch.ones(2, 1)),
        (torch.ones(2, 5), torch.full((2, 1), math.nan)),
    ]
    with pytest.raises(FloatingPointError, match="must be finite, got nan at step 2"):
        train(model, batches, squared_error, optimizer)
    assert torch.equal(model.weight, before)
