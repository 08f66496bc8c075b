"""Train a small transformer to copy and to reverse sequences: three seeds each.

    python benchmarks/copy_reverse.py

The measure is the exact match on 2,000 fresh sequences, written greedily.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from torch import Tensor

from attnbook.decoding import greedy_decode
from attnbook.training import masked_cross_entropy, shift_right, train
from attnbook.transformer import Transformer, TransformerConfig

PAD, START, END, FIRST = range(4)
SYMBOLS, SHORTEST, LONGEST = 10, 4, 10
STEPS, BATCH, RATE, WARMUP = 700, 64, 4e-3, 50


def sequences(task: str, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return sources of several lengths, and what is to be written: END stands at its end."""
    lengths = torch.randint(SHORTEST, LONGEST + 1, (count, 1), generator=generator)
    places = torch.arange(LONGEST)
    source = torch.randint(FIRST, FIRST + SYMBOLS, (count, LONGEST), generator=generator)
    source = source.masked_fill(places >= lengths, PAD)
    order = (lengths - 1 - places) % LONGEST if task == "reverse" else places.expand(count, -1)
    target = torch.cat([source.gather(1, order), torch.full((count, 1), PAD)], dim=1)
    return source, target.scatter(1, lengths, END)


def batches(task: str, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield fresh batches."""
    for _ in range(STEPS):
        yield sequences(task, BATCH, generator)


def loss(model: Transformer, source: Tensor, target: Tensor) -> Tensor:
    """Return the mean surprise at each token."""
    return masked_cross_entropy(model(source, shift_right(target, START)), target, PAD)


def rate(step: int) -> float:
    """Return the learning rate of a step: up for a while, then evenly down to 0."""
    return RATE * min(step / WARMUP, (STEPS - step) / (STEPS - WARMUP))


def train_once(task: str, seed: int) -> tuple[float, float]:
    """Return the exact match on fresh sequences, and the CPU seconds of the training."""
    torch.manual_seed(seed)
    vocab = FIRST + SYMBOLS
    config = TransformerConfig(
        vocab,
        vocab,
        d_model=64,
        num_heads=4,
        d_ff=128,
        num_encoder_layers=1,
        num_decoder_layers=1,
        max_len=LONGEST + 1,
        norm_first=True,
    )
    model = Transformer(config)
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    begin = time.process_time()
    train(model, batches(task, torch.Generator().manual_seed(seed)), loss, optimizer, rate=rate)
    seconds = time.process_time() - begin
    source, target = sequences(task, 2000, torch.Generator().manual_seed(1000 + seed))
    written = greedy_decode(model, source, start_id=START, end_id=END, max_len=LONGEST + 1)
    target = target[:, : written.shape[1]]
    return (written == target).all(dim=1).float().mean().item(), seconds


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print("task     seed  exact match  CPU seconds")
    for task in ("copy", "reverse"):
        for seed in range(3):
            share, seconds = train_once(task, seed)
            print(f"{task:8} {seed:4} {share:12.4f} {seconds:12.1f}", flush=True)


if __name__ == "__main__":
    main()
