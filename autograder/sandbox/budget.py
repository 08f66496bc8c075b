"""The time that one submission may use in all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """Wall-clock seconds that run down while they are spent.

    Attributes:
        allowed: How many there were at first.
    """

    def __init__(self, allowed: float) -> None:
        self.allowed = allowed
        self._spent = 0.0
        self._since: float | None = None

    @property
    def left(self) -> float:
        """Seconds that are left; 0 or less when there are none."""
        running = 0.0 if self._since is None else time.monotonic() - self._since
        return self.allowed - self._spent - running

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Charge the time until the block is left, once where blocks are nested."""
        if self._since is not None:
            yield
            return
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._spent += time.monotonic() - self._since
            self._since = None
