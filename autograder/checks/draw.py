"""Fresh inputs for a check, drawn from the run's seed, so that no answer can be memorized."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

# Distinct primes: a swapped axis always shows.
PRIMES = (2, 3, 5, 7, 11)


class Draw:
    """A source of random inputs. The same seed and check give the same inputs.

    Args:
        seed: The run's seed.
        check: Name of the check, so that each check draws its own numbers.
    """

    def __init__(self, seed: int, check: str) -> None:
        digest = hashlib.sha256(f"{seed} {check}".encode()).digest()
        self._generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))

    def sizes(self, count: int) -> list[int]:
        """Return ``count`` distinct primes between 2 and 11, in random order."""
        order = torch.randperm(len(PRIMES), generator=self._generator)
        return [PRIMES[int(i)] for i in order[:count]]

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return numbers from the standard normal distribution."""
        return torch.randn(*shape, generator=self._generator, dtype=torch.float64).to(dtype)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Return whole numbers from ``low`` up to and without ``high``."""
        return torch.randint(low, high, shape, generator=self._generator)

    def mask(self, *shape: int) -> Tensor:
        """Return a mask in which every query sees a key, and one is hidden from each query."""
        order = torch.rand(*shape, generator=self._generator).argsort(-1)
        visible = self.integers(1, shape[-1], *shape[:-1], 1)
        return order < visible
