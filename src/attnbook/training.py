"""Train a model that writes one token after another. Chapter: book/encoder_decoder.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm import tqdm


def shift_right(targets: Int[Tensor, "batch length"], start_id: int) -> Int[Tensor, "batch length"]:
    """Return what a decoder is fed to predict ``targets``: each position sees what came before it.

    Vaswani et al. (2017), section 3.1.

    Args:
        targets: The tokens to predict. The last one is never fed.
        start_id: The token that stands first.
    """
    start = torch.full_like(targets[:, :1], start_id)
    return torch.cat([start, targets[:, :-1]], dim=1)


def masked_cross_entropy(
    logits: Float[Tensor, "batch length vocab"],
    targets: Int[Tensor, "batch length"],
    pad_id: int,
    label_smoothing: float = 0.0,
) -> Float[Tensor, ""]:
    """Return the mean surprise, in nats, at the targets that are no padding; 0 if all are.

    Label smoothing is that of Vaswani et al. (2017), section 5.4: the model should put
    1 - label_smoothing on the target and share out the rest evenly among all tokens but
    padding, the target included.

    Args:
        logits: Scores of each token of the vocabulary.
        targets: The tokens that were right.
        pad_id: The token that does not count.
        label_smoothing: How much of the probability is shared out.

    Raises:
        ValueError: If label_smoothing is not between 0 and 1.
    """
    if not 0 <= label_smoothing < 1:
        raise ValueError(
            f"label_smoothing must be at least 0 and less than 1, got {label_smoothing}"
        )
    log_probs = logits.log_softmax(dim=-1)
    surprise = -log_probs.gather(-1, targets[..., None])[..., 0]
    cost = surprise
    if label_smoothing:
        others = log_probs.sum(dim=-1) - log_probs[..., pad_id]
        spread = -others / (logits.shape[-1] - 1)
        cost = (1 - label_smoothing) * surprise + label_smoothing * spread
    counts = targets != pad_id
    return cost.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


def warmup_rate(step: int, d_model: int, warmup_steps: int = 4000) -> float:
    """Return the learning rate of a step: it rises evenly, then falls with 1/√step.

    Vaswani et al. (2017), equation 3.

    Args:
        step: Counted from 1.
        d_model: Width of the model: a wider one takes smaller steps.
        warmup_steps: The step with the highest rate.

    Raises:
        ValueError: If step or warmup_steps is below 1.
    """
    if step < 1 or warmup_steps < 1:
        raise ValueError(
            f"steps are counted from 1, got step={step} and warmup_steps={warmup_steps}"
        )
    return d_model**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)


def cosine_rate(step: int, highest: float, steps: int, warmup_steps: int) -> float:
    """Return the learning rate of a step: it rises evenly, then falls to 0 along a cosine.

    Args:
        step: Counted from 1.
        highest: The rate at the end of the rise.
        steps: Number of all steps; the last one has the rate 0.
        warmup_steps: How many of them the rise takes.
    """
    if step <= warmup_steps:
        return highest * step / warmup_steps
    done = (step - warmup_steps) / (steps - warmup_steps)
    return highest * 0.5 * (1 + math.cos(math.pi * done))


def train(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, ...]],
    loss: Callable[..., Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    rate: Callable[[int], float] | None = None,
    max_norm: float = 1.0,
) -> list[float]:
    """Take one step for each batch and return the loss of each, before the step.

    On a terminal, a bar shows the progress of what takes longer than two seconds. An
    interruption leaves the model as the last step made it.

    Args:
        model: What is trained.
        batches: Tensors that ``loss`` is called with.
        loss: Called with the model and a batch.
        optimizer: Holds the model's parameters.
        rate: Learning rate of each step, counted from 1; the optimizer's own if None.
        max_norm: Gradients that are longer, all parameters taken together, are shortened to this.

    Raises:
        FloatingPointError: If a loss is not finite; the message says at which step.
    """
    model.train()
    losses = []
    watched = tqdm(batches, "training", leave=False, delay=2, disable=None)  # on a terminal alone
    for step, batch in enumerate(watched, start=1):
        if rate is not None:
            for group in optimizer.param_groups:
                group["lr"] = rate(step)
        optimizer.zero_grad()
        value = loss(model, *batch)
        losses.append(value.item())
        if not math.isfinite(losses[-1]):
            raise FloatingPointError(f"the loss must be finite, got {losses[-1]} at step {step}")
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
    return losses
