"""What the tests of the reference package share."""

from collections.abc import Callable, Iterator

import jaxtyping
import pytest
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


@pytest.fixture
def as_users_call() -> Iterator[None]:
    """Switch off the check of shapes that only tests have, to see the package's own errors."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


class Written(TorchDispatchMode):
    """Counts the numbers that torch writes to new memory, and the most that one result holds."""

    def __init__(self) -> None:
        super().__init__()
        self.total = self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for each in result if isinstance(result, tuple | list) else [result]:
            if isinstance(each, Tensor) and not func.is_view:
                self.total += each.numel()
                self.largest = max(self.largest, each.numel())
        return result


@pytest.fixture
def growth() -> Callable[[Callable[[int], object]], tuple[float, float]]:
    """Return a function that says how all that is written, and the largest result, grow.

    It calls what it is given with a length of 256 and with one of 1,024: what is linear
    grows by a factor of 4, what is quadratic by one of 16.
    """

    def measure(attend: Callable[[int], object]) -> tuple[float, float]:
        counts = []
        for length in (256, 1024):
            with Written() as written:
                attend(length)
            counts.append(written)
        short, long = counts
        return long.total / short.total, long.largest / short.largest

    return measure
