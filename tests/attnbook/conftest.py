"""What the tests of the reference package share."""

from collections.abc import Iterator

import jaxtyping
import pytest


@pytest.fixture
def as_users_call() -> Iterator[None]:
    """Switch off the check of shapes that only tests have, to see the package's own errors."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
