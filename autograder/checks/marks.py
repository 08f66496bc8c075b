"""How a check says which exercise it belongs to and what it is worth."""

import pytest


def check(exercise: str, *, points: float) -> pytest.MarkDecorator:
    """Return the mark of a check: ``@check("causal_mask", points=1)``.

    The sentence that a learner reads is the name of the test.
    """
    return pytest.mark.check(exercise=exercise, points=points)
