"""A small causal model of a long text, trained once. Chapter: book/approximate.md.

What is measured is what becomes of it when its attention is exchanged. A text is read
character by character; see `attnbook.streams`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from attnbook import dates
from attnbook.kept_weights import WEIGHTS, hash_of, kept_or_trained
from attnbook.stream_blocks import Attention, AttentionInputs, StreamModel, StreamRecipe
from attnbook.streams import stream_text
from attnbook.training import train

RECIPE = StreamRecipe()
SHARED_RECIPE = StreamRecipe(shared=True, query_gain=4.0)


def encode(texts: Sequence[str]) -> Int[Tensor, "batch length"]:
    """Return texts of equal length as numbers; the newline is what `dates.encode` does not know."""
    return dates.encode(texts)


def attention_inputs(model: StreamModel, length: int, seed: int) -> list[AttentionInputs]:
    """Return what each block's attention is given on a text of days that were held out.

    Args:
        model: Such as `trained_stream_model` returns.
        length: Number of characters.
        seed: Of the text.
    """
    with torch.no_grad():
        found = model.inputs(encode([stream_text(length, seed)]))
    return [AttentionInputs(*(each[0] for each in inputs)) for inputs in found]


def bits(
    model: StreamModel, texts: Sequence[str], attention: Attention | None = None
) -> Float[Tensor, "texts characters"]:
    """Return the surprise at each character but the first, in bits.

    Args:
        model: Such as `trained_stream_model` returns.
        texts: All of one length.
        attention: How every block attends; as in training if not given.
    """
    tokens = encode(texts)
    with torch.no_grad():
        logits = model(tokens[:, :-1], attention).mT
    return functional.cross_entropy(logits, tokens[:, 1:], reduction="none") / math.log(2)


def train_stream_model(
    recipe: StreamRecipe = RECIPE, seed: int = 0, *, steps: int | None = None
) -> tuple[StreamModel, list[float]]:
    """Return the trained model, its weights rounded to float16, and the loss of each step.

    Args:
        recipe: How to train.
        seed: Of the first weights and of the data.
        steps: Stop after so many.
    """
    model = _fresh(recipe, seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98))
    batches = _batches(recipe, seed, recipe.steps if steps is None else steps)
    losses = train(model, batches, _loss, optimizer, rate=recipe.rate_at)
    return model.half().float().eval(), losses


def trained_stream_model(
    recipe: StreamRecipe = RECIPE, seed: int = 0, *, folder: Path = WEIGHTS
) -> StreamModel:
    """Return the trained model: from its kept weights if they fit, or trained now and kept.

    See `attnbook.kept_weights` for when they fit.

    Args:
        recipe: How it is trained.
        seed: Of the first weights and of the data.
        folder: Where the weights are kept.
    """
    return kept_or_trained(
        folder / f"stream-{content_hash(recipe, seed)}.pt",
        lambda: _fresh(recipe, seed),
        lambda steps: train_stream_model(recipe, seed, steps=steps),
    )


def content_hash(recipe: StreamRecipe = RECIPE, seed: int = 0) -> str:
    """Return what the weights are named by: a hash of the recipe, the seed and the data."""
    words = [f"{recipe} {seed} {dates.source_characters()}"]
    words += [text for (tokens,) in _batches(recipe, seed, 2) for text in map(str, tokens.tolist())]
    return hash_of(words)


def _fresh(recipe: StreamRecipe, seed: int) -> StreamModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return StreamModel(recipe)


def _batches(recipe: StreamRecipe, seed: int, steps: int) -> Iterator[tuple[Tensor]]:
    days = dates.split_days()[0]
    for step in range(steps):
        kind = int(step >= recipe.first_steps)
        length, size = recipe.lengths[kind], recipe.batch_sizes[kind]
        first = (seed * recipe.steps + step) * max(recipe.batch_sizes)
        yield (encode([stream_text(length + 1, first + row, days) for row in range(size)]),)


def _loss(model: StreamModel, tokens: Tensor) -> Tensor:
    return functional.cross_entropy(model(tokens[:, :-1]).mT, tokens[:, 1:])
