"""Associative recall: which value stood beside this key? Chapter: book/approximate.md.

The task of Arora et al. (2024), with each pair at one position of its own, so that
a single layer can solve it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from attnbook.training import train

NUM_KEYS, NUM_VALUES, BATCH = 128, 32, 32

# Called with queries, keys and values.
Attention = Callable[[Tensor, Tensor, Tensor], Tensor]


class RecallModel(nn.Module):
    """One head of attention between tables of what to ask, to offer and to hand over.

    Args:
        d_head: Width of queries, keys and values.
        attention: How the queries attend to the pairs.
    """

    def __init__(self, d_head: int, attention: Attention) -> None:
        super().__init__()
        self.queries = nn.Embedding(NUM_KEYS, d_head)
        self.keys = nn.Embedding(NUM_KEYS, d_head)
        self.values = nn.Embedding(NUM_VALUES, d_head)
        self.answers = nn.Linear(d_head, NUM_VALUES)
        self.attention = attention

    def forward(
        self, keys: Int[Tensor, "batch pairs"], values: Int[Tensor, "batch pairs"]
    ) -> Float[Tensor, "batch pairs num_values"]:
        """Return logits of the value of each key, asked for one by one.

        Args:
            keys: No key stands twice in a row.
            values: What stands beside each.
        """
        given = self.queries(keys), self.keys(keys), self.values(values)
        return self.answers(self.attention(*given))


def draw_pairs(
    num_pairs: int, seed: int, count: int, batch_size: int = BATCH
) -> Iterator[tuple[Int[Tensor, "batch pairs"], Int[Tensor, "batch pairs"]]]:
    """Yield batches of different keys and random values that depend on the seed alone."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        order = torch.rand(batch_size, NUM_KEYS, generator=generator).argsort(dim=-1)
        values = torch.randint(NUM_VALUES, (batch_size, num_pairs), generator=generator)
        yield order[:, :num_pairs], values


def recalled(
    attention: Attention, num_pairs: int, seed: int, *, d_head: int, steps: int, rate: float = 1e-2
) -> float:
    """Return the share of values that a trained model recalls from fresh pairs.

    Args:
        attention: How the queries attend to the pairs.
        num_pairs: Number of pairs, in training and afterward.
        seed: Of the first weights and of the data.
        d_head: Width of queries, keys and values.
        steps: Number of batches.
        rate: Highest learning rate, from which it falls evenly to 0.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = RecallModel(d_head, attention)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    batches = draw_pairs(num_pairs, seed, steps)
    train(model, batches, _loss, optimizer, rate=lambda step: rate * (1 - step / (steps + 1)))
    keys, values = next(draw_pairs(num_pairs, 1_000_000 + seed, 1, batch_size=500))
    with torch.no_grad():
        return (model(keys, values).argmax(dim=-1) == values).float().mean().item()


def _loss(model: RecallModel, keys: Tensor, values: Tensor) -> Tensor:
    return functional.cross_entropy(model(keys, values).mT, values)
