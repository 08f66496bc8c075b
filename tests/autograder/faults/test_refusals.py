"""What is refused, compared by the values that the error names."""

from __future__ import annotations

import pytest
import torch

from autograder.faults.model import Probe
from autograder.faults.observe import observe
from autograder.faults.refusals import trial_of_refusals


def refusing(error: Exception) -> object:
    def refuses(*arguments: object) -> None:
        raise error

    probe = Probe("x", {"x": torch.zeros(2, 4, 10), "num_heads": 3, "bias": True})
    outcome = observe(trial_of_refusals(refuses), probe)
    return outcome.value or outcome.error


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("d_model must be a multiple of num_heads, got d_model=10 and num_heads=3", "3 and 10"),
        ("3 does not divide 10", "3 and 10"),
        ("3 heads leave 1 of 10 features over, and a batch has 2 rows", "3 and 10"),
        ("d_model=10", "10"),
        ("103 is wrong", "no value"),
        ("", "no value"),
    ],
)
def test_words_do_not_count_and_values_do(message: str, value: str) -> None:
    assert refusing(ValueError(message)) == f"a ValueError that names {value}"


def test_another_error_stays_an_error() -> None:
    assert refusing(RuntimeError("10 and 3")) == "RuntimeError: 10 and 3"


def test_a_learner_who_is_lost_is_no_refusal() -> None:
    class Lost(ValueError):
        status = "timeout"

    with pytest.raises(Lost):
        refusing(Lost("10 and 3"))


def test_a_result_goes_through_as_it_is() -> None:
    probe = Probe("x", {"x": torch.ones(2)})
    assert torch.equal(
        observe(trial_of_refusals(lambda x: 2 * x), probe).value, torch.full((2,), 2.0)
    )
