"""A small transformer that reads dates: its recipe, and its weights, trained once.

Chapter: book/encoder_decoder.md. ``benchmarks/dates.py`` trains it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from attnbook import dates
from attnbook.dates import WrittenDate
from attnbook.decoding import greedy_decode
from attnbook.kept_weights import WEIGHTS, hash_of, keep, kept_or_trained
from attnbook.training import cosine_rate, masked_cross_entropy, shift_right, train
from attnbook.transformer import Transformer, TransformerConfig


@dataclass(frozen=True)
class Recipe:
    """All that decides what the model becomes, besides the data and the code.

    Attributes:
        d_model: Width of the model.
        num_heads: Number of heads of each attention.
        d_ff: Width inside the feed-forward networks.
        num_encoder_layers: Number of encoder blocks.
        num_decoder_layers: Number of decoder blocks.
        norm_first: Whether norms stand before what they serve.
        steps: Number of batches.
        batch_size: Number of dates in a batch.
        rate: Highest learning rate; after it the rate falls to 0 along a cosine.
        warmup_steps: Steps until then.
    """

    d_model: int = 64
    num_heads: int = 4
    d_ff: int = 128
    num_encoder_layers: int = 2
    num_decoder_layers: int = 1
    norm_first: bool = True
    steps: int = 7000
    batch_size: int = 32
    rate: float = 4e-3
    warmup_steps: int = 200

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 1."""
        return cosine_rate(step, self.rate, self.steps, self.warmup_steps)


RECIPE = Recipe()


def fresh_translator(recipe: Recipe = RECIPE, seed: int = 0) -> Transformer:
    """Return the model before it has learned anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Transformer(
            TransformerConfig(
                source_vocab_size=4 + len(dates.source_characters()),
                target_vocab_size=4 + len(dates.TARGET_CHARACTERS),
                d_model=recipe.d_model,
                num_heads=recipe.num_heads,
                d_ff=recipe.d_ff,
                num_encoder_layers=recipe.num_encoder_layers,
                num_decoder_layers=recipe.num_decoder_layers,
                max_len=dates.MAX_LEN,
                norm_first=recipe.norm_first,
                pad_id=dates.PAD,
            )
        )


def date_loss(model: Transformer, source: Tensor, target: Tensor) -> Tensor:
    """Return the mean surprise at each character of the ISO dates."""
    return masked_cross_entropy(model(source, shift_right(target, dates.START)), target, dates.PAD)


def train_translator(
    recipe: Recipe = RECIPE, seed: int = 0, *, steps: int | None = None
) -> tuple[Transformer, list[float]]:
    """Return the trained model, and the loss of each step.

    The weights are rounded to float16, as they are kept, so that a model that is trained
    anew is the one that would be loaded.

    Args:
        recipe: How to train.
        seed: Of the first weights and of the data.
        steps: Stop after so many.
    """
    model = fresh_translator(recipe, seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate, betas=(0.9, 0.98))
    batches = dates.batches(steps or recipe.steps, recipe.batch_size, seed)
    losses = train(model, batches, date_loss, optimizer, rate=recipe.rate_at)
    return model.half().float().eval(), losses


def content_hash(recipe: Recipe = RECIPE, seed: int = 0) -> str:
    """Return what the weights are named by: a hash of the recipe, the seed and the data."""
    days, forms = dates.split_days()[0], dates.training_forms()
    words = [f"{recipe} {seed} {dates.source_characters()} {dates.LAST_DAY}"]
    words += [f"{each.day} {each.text}" for each in dates.draw_dates(days, forms, 1000, seed)]
    return hash_of(words)


def trained_translator(
    recipe: Recipe = RECIPE, seed: int = 0, *, folder: Path = WEIGHTS
) -> Transformer:
    """Return the trained model: from its kept weights if they fit, or trained now and kept.

    See `attnbook.kept_weights` for when they fit.

    Args:
        recipe: How it is trained.
        seed: Of the first weights and of the data.
        folder: Where the weights are kept.
    """
    return kept_or_trained(
        _file(recipe, seed, folder),
        lambda: fresh_translator(recipe, seed),
        lambda steps: train_translator(recipe, seed, steps=steps),
    )


def keep_translator(
    model: Transformer,
    losses: Sequence[float],
    recipe: Recipe = RECIPE,
    seed: int = 0,
    *,
    folder: Path = WEIGHTS,
) -> Path:
    """Write what `train_translator` returned where `trained_translator` looks for it."""
    file = _file(recipe, seed, folder)
    keep(model, losses, file)
    return file


def _file(recipe: Recipe, seed: int, folder: Path) -> Path:
    return folder / f"dates-{content_hash(recipe, seed)}.pt"


def translate(model: Transformer, texts: Sequence[str], *, at_once: int = 500) -> list[str]:
    """Return what a model reads in texts, as ISO dates if it reads well."""
    found: list[str] = []
    for first in range(0, len(texts), at_once):
        source = dates.encode(texts[first : first + at_once])
        tokens = greedy_decode(
            model, source, start_id=dates.START, end_id=dates.END, max_len=dates.TARGET_LENGTH
        )
        found += dates.decode(tokens)
    return found


def exact_match(model: Transformer, written: Sequence[WrittenDate]) -> float:
    """Return the share of dates that are read without any mistake."""
    found = translate(model, [each.text for each in written])
    right = sum(text == each.day.isoformat() for text, each in zip(found, written, strict=True))
    return right / len(written)
