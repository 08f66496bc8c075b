"""What the tests of the reference package share."""

from collections.abc import Callable, Iterator

import jaxtyping
import pytest

from .memory import Written


@pytest.fixture
def as_users_call() -> Iterator[None]:
    """Switch off the check of shapes that only tests have, to see the package's own errors."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


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
