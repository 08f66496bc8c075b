"""A model that is a table of log-probabilities: small enough to search by hand.

Chapter: book/encoder_decoder.md.
"""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor


class TableState(NamedTuple):
    """How many tokens a table has written. All sequences stand at the same step."""

    length: int

    def select(self, rows: Int[Tensor, " rows"]) -> TableState:
        """Return the state of other sequences, which is the same one."""
        return self


class TokenTable:
    """Says which token comes next by looking it up: it knows the step and the token before.

    `attnbook.decoding` decodes it as it does a transformer.

    Args:
        log_probs: ``log_probs[t, previous, next]`` is the log-probability that ``next`` is
            written at step t, after ``previous``. Each row sums to 1 when exponentiated.
        pad_id: What is written after the end; the end token does.
    """

    def __init__(self, log_probs: Float[Tensor, "steps vocab vocab"], *, pad_id: int) -> None:
        self.log_probs = log_probs
        self.pad_id = pad_id

    def start(self, source: Int[Tensor, "batch source_length"]) -> TableState:
        """Return the state in which nothing is written; what ``source`` says does not matter."""
        return TableState(0)

    def step(
        self, tokens: Int[Tensor, "batch 1"], state: TableState
    ) -> tuple[Float[Tensor, "batch 1 vocab"], TableState]:
        """Return log-probabilities of the token after each of ``tokens``, and the next state."""
        return self.log_probs[state.length][tokens], TableState(state.length + 1)
