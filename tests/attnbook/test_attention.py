"""What attention must do whatever the numbers: invariants, contract and error messages."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from attnbook.attention import attention_weights, scaled_dot_product_attention

SEEDS = st.integers(0, 10_000)


def drawn(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


def drawn_mask(seed: int, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) > 0.5


@given(SEEDS)
def test_the_weights_of_a_query_that_sees_something_sum_to_one(seed: int) -> None:
    query, key = drawn(seed, (2, 3, 5, 11), (2, 3, 7, 11))
    mask = drawn_mask(seed, 2, 1, 5, 7)
    total = attention_weights(query, key, mask).sum(-1)
    assert torch.allclose(total, mask.any(-1).double().expand_as(total))


@given(SEEDS)
def test_a_hidden_key_gets_exactly_no_weight(seed: int) -> None:
    query, key = drawn(seed, (3, 5, 11), (3, 7, 11))
    mask = drawn_mask(seed, 5, 7)
    weights = attention_weights(100 * query, key, mask)
    assert (weights[(~mask).expand_as(weights)] == 0).all()


@given(SEEDS)
def test_reordering_the_keys_reorders_the_weights_and_keeps_the_output(seed: int) -> None:
    query, key, value = drawn(seed, (5, 11), (7, 11), (7, 13))
    order = torch.randperm(7, generator=torch.Generator().manual_seed(seed))
    weights = attention_weights(query, key)
    assert torch.allclose(attention_weights(query, key[order]), weights[:, order])
    output = scaled_dot_product_attention(query, key, value)
    assert torch.allclose(scaled_dot_product_attention(query, key[order], value[order]), output)


@given(SEEDS)
def test_an_output_never_leaves_the_range_of_the_values(seed: int) -> None:
    query, key, value = drawn(seed, (2, 5, 11), (2, 7, 11), (2, 7, 13))
    output = scaled_dot_product_attention(query, key, value)
    assert (output <= value.amax(-2, keepdim=True) + 1e-12).all()
    assert (output >= value.amin(-2, keepdim=True) - 1e-12).all()


@given(SEEDS)
def test_what_a_hidden_key_holds_makes_no_difference(seed: int) -> None:
    query, key, value = drawn(seed, (5, 11), (7, 11), (7, 13))
    mask = torch.arange(7) < 4
    before = scaled_dot_product_attention(query, key, value, mask[None])
    key[4:], value[4:] = 1e6, -1e6
    assert torch.equal(scaled_dot_product_attention(query, key, value, mask[None]), before)


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16], ids=str
)
def test_a_query_that_sees_nothing_attends_to_nothing(dtype: torch.dtype) -> None:
    query, key, value = (
        each.to(dtype).requires_grad_() for each in drawn(3, (5, 11), (7, 11), (7, 13))
    )
    mask = torch.ones(5, 7, dtype=torch.bool)
    mask[2] = False
    output = scaled_dot_product_attention(query, key, value, mask)
    assert (output[2] == 0).all()
    assert output.dtype == dtype
    gradients = torch.autograd.grad(output.sum(), (query, key, value))
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_scores_of_a_thousand_stay_finite() -> None:
    query, key = (1000 * each for each in drawn(5, (5, 11), (7, 11)))
    assert attention_weights(query, key).isfinite().all()


def test_float16_scores_that_would_overflow_before_scaling_stay_finite() -> None:
    query = torch.full((1, 64), 40.0, dtype=torch.float16)
    assert torch.finfo(torch.float16).max < (64 * 40.0 * 40.0)
    assert attention_weights(query, query).isfinite().all()


def test_the_inputs_are_left_as_they_are() -> None:
    inputs = drawn(7, (5, 11), (7, 11), (7, 13))
    copies = [each.clone() for each in inputs]
    scaled_dot_product_attention(*inputs, drawn_mask(7, 5, 7))
    assert all(map(torch.equal, inputs, copies))


def test_gradients_agree_with_finite_differences() -> None:
    query, key, value = (each.requires_grad_() for each in drawn(9, (3, 5), (7, 5), (7, 2)))
    mask = drawn_mask(9, 3, 7)
    assert torch.autograd.gradcheck(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, mask), (query, key, value)
    )


def test_shapes_are_those_of_the_signature() -> None:
    query, key, value = drawn(11, (2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13))
    for mask in (None, drawn_mask(1, 5, 7), drawn_mask(2, 2, 1, 5, 7), drawn_mask(3, 2, 1, 1, 7)):
        assert attention_weights(query, key, mask).shape == (2, 3, 5, 7)
        output = scaled_dot_product_attention(query, key, value, mask)
        assert output.shape == (2, 3, 5, 13)


def test_scores_are_divided_by_the_root_of_the_width() -> None:
    query, key = torch.tensor([[2.0, 0, 0, 0]]), torch.eye(4)[:2]
    one = math.exp(1.0)
    assert attention_weights(query, key)[0, 0].item() == pytest.approx(one / (one + 1))


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("shapes", "mask", "message"),
    [
        (((5, 11), (7, 13), (7, 2)), None, "same width, got d_head=11 and d_head=13"),
        (((5, 11), (7, 11), (3, 2)), None, "one value for each key, got 7 keys and 3 values"),
        (((5, 11), (7, 11), (7, 2)), torch.ones(5, 7), "must be boolean.*got torch.float32"),
        (
            ((5, 11), (7, 11), (7, 2)),
            torch.ones(7, 5, dtype=torch.bool),
            r"broadcast against .* got mask \(7, 5\) and scores \(5, 7\)",
        ),
        (
            ((5, 11), (7, 11), (7, 2)),
            torch.ones(2, 5, 7, dtype=torch.bool),
            r"got mask \(2, 5, 7\) and scores \(5, 7\)",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_rule_and_the_values(
    shapes: tuple[tuple[int, ...], ...], mask: Tensor | None, message: str
) -> None:
    query, key, value = drawn(13, *shapes)
    with pytest.raises(ValueError, match=message):
        scaled_dot_product_attention(query, key, value, mask)
