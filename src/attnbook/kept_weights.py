"""Weights of models that are trained once, and used only where training would give them again."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

WEIGHTS = Path(__file__).parent / "weights"
NUM_LOSSES = 3
"""How many losses are kept beside the weights."""

Model = TypeVar("Model", bound=nn.Module)


def kept_or_trained(
    file: Path,
    fresh: Callable[[], Model],
    trained: Callable[[int | None], tuple[Model, list[float]]],
) -> Model:
    """Return the trained model: from its kept weights if they fit, or trained now and kept.

    Weights fit if the file is there, so its name should be a hash of the recipe and the
    data, and if the first steps of training still give the losses that they gave then:
    that is what notices a change of the model's or the training's code.

    Args:
        file: Where the weights are kept.
        fresh: Makes the model before it has learned anything.
        trained: Called with a number of steps, or None for all; returns the model, and the
            loss of each step.
    """
    if file.exists():
        kept = torch.load(file, weights_only=True)
        again = trained(len(kept["first_losses"]))[1]
        if _same_losses(again, kept["first_losses"]):
            model = fresh()
            model.load_state_dict({name: each.float() for name, each in kept["state"].items()})
            return model.eval()
    print(f"no kept weights fit, so the model is trained now: {file.name}", file=sys.stderr)
    model, losses = trained(None)
    keep(model, losses, file)
    return model


def hash_of(lines: Iterable[str]) -> str:
    """Return what weights are named by: a short hash of all that decides what they become."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def keep(model: nn.Module, losses: Sequence[float], file: Path) -> None:
    """Write a model's weights, as float16, and the first losses of its training."""
    file.parent.mkdir(exist_ok=True)
    state = {name: each.half() for name, each in model.state_dict().items()}
    torch.save({"state": state, "first_losses": list(losses[:NUM_LOSSES])}, file)


def _same_losses(first: Sequence[float], second: Sequence[float]) -> bool:
    # Another machine may differ in the last bits, another program in the first digits.
    return all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(first, second, strict=True))
