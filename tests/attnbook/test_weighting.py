"""What softmax, kernel attention and additive scores must do whatever the numbers."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from attnbook.attention import attention_weights
from attnbook.weighting import additive_scores, kernel_attention, softmax

SEEDS = st.integers(0, 10_000)
DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


def drawn(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


@given(SEEDS, st.sampled_from([0, 1, 2, -1, -2, -3]))
def test_weights_are_positive_and_sum_to_one(seed: int, dim: int) -> None:
    (scores,) = drawn(seed, (3, 5, 7))
    weights = softmax(scores, dim)
    assert (weights > 0).all()
    assert torch.allclose(weights.sum(dim), torch.ones(()).double())


@given(SEEDS, st.floats(-1e6, 1e6))
def test_adding_a_number_to_all_scores_changes_nothing(seed: int, number: float) -> None:
    (scores,) = drawn(seed, (5, 7))
    assert torch.allclose(softmax(scores + number, -1), softmax(scores, -1), atol=1e-8)


@given(SEEDS)
def test_a_score_of_minus_infinity_gets_exactly_nothing(seed: int) -> None:
    scores, hidden = drawn(seed, (5, 7), (5, 7))
    weights = softmax(scores.masked_fill(hidden > 0, -torch.inf), -1)
    assert (weights[hidden > 0] == 0).all()
    total = weights.sum(-1)
    assert torch.allclose(total, (hidden <= 0).any(-1).double())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_slice_of_nothing_but_minus_infinity_gets_zeros_and_finite_gradients(
    dtype: torch.dtype,
) -> None:
    scores = drawn(3, (5, 7))[0].to(dtype)
    scores[2] = -torch.inf
    scores.requires_grad_()
    weights = softmax(scores, -1)
    assert weights.dtype == dtype
    assert (weights[2] == 0).all()
    (gradient,) = torch.autograd.grad(weights[:, 0].sum(), scores)
    assert gradient.isfinite().all()
    assert (gradient[2] == 0).all()


def test_scores_of_a_million_stay_finite() -> None:
    scores = torch.tensor([[1e6, 1e6 - 1], [-1e6, -1e6 - 1]])
    one = 1 / (1 + math.exp(-1))
    assert torch.allclose(softmax(scores, -1), torch.tensor([[one, 1 - one]] * 2))


def test_gradients_agree_with_finite_differences() -> None:
    scores = drawn(5, (3, 5))[0].requires_grad_()
    assert torch.autograd.gradcheck(lambda s: softmax(s, 0), scores)
    inputs = [each.requires_grad_() for each in drawn(7, (3, 2), (5, 2), (5, 3))]
    assert torch.autograd.gradcheck(lambda q, k, v: kernel_attention(q, k, v, 2.0), inputs)
    inputs = [each.requires_grad_() for each in drawn(9, (3, 2), (5, 2), (2, 7), (2, 7), (7,))]
    assert torch.autograd.gradcheck(additive_scores, inputs)


@given(SEEDS)
def test_a_kernel_mean_never_leaves_the_range_of_the_values(seed: int) -> None:
    query, keys, values = drawn(seed, (2, 3, 5), (2, 7, 5), (2, 7, 4))
    mean = kernel_attention(10 * query, keys, values, 0.5)
    assert (mean <= values.amax(-2, keepdim=True) + 1e-12).all()
    assert (mean >= values.amin(-2, keepdim=True) - 1e-12).all()


@given(SEEDS)
def test_moving_queries_and_keys_together_changes_nothing(seed: int) -> None:
    query, keys, values, move = drawn(seed, (3, 5), (7, 5), (7, 2), (5,))
    moved = kernel_attention(query + move, keys + move, values, 3.0)
    assert torch.allclose(moved, kernel_attention(query, keys, values, 3.0))


def test_the_temperature_goes_from_the_nearest_value_to_the_plain_mean() -> None:
    query, keys, values = drawn(11, (3, 5), (7, 5), (7, 2))
    nearest = (query[:, None] - keys[None]).square().sum(-1).argmin(-1)
    assert torch.allclose(kernel_attention(query, keys, values, 1e-3), values[nearest])
    hot = kernel_attention(query, keys, values, 1e9)
    assert torch.allclose(hot, values.mean(0).expand(3, 2), atol=1e-6)


def test_a_query_far_from_every_key_still_gets_a_mean() -> None:
    keys, values = torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0], [5.0]])
    assert kernel_attention(torch.tensor([[1000.0]]), keys, values, 1.0).item() == 5


@given(SEEDS)
def test_with_keys_of_one_length_a_kernel_is_scaled_dot_product_attention(seed: int) -> None:
    query, keys, values = drawn(seed, (3, 5), (7, 5), (7, 2))
    keys = 2 * keys / keys.norm(dim=-1, keepdim=True)
    mean = kernel_attention(query, keys, values, 2 * math.sqrt(5))
    assert torch.allclose(mean, attention_weights(query, keys) @ values)


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    query, keys, values = drawn(13, (3, 5), (7, 5), (7, 2))
    with pytest.raises(ValueError, match=f"must be positive, got temperature={temperature}"):
        kernel_attention(query, keys, values, temperature)


@given(SEEDS)
def test_a_score_depends_on_its_own_query_and_key_alone(seed: int) -> None:
    query, keys, w_query, w_key, v = drawn(seed, (2, 3, 5), (2, 7, 5), (5, 4), (5, 4), (4,))
    scores = additive_scores(query, keys, w_query, w_key, v)
    assert scores.shape == (2, 3, 7)
    alone = additive_scores(query[1, 2:], keys[1, 4:5], w_query, w_key, v)
    assert torch.allclose(scores[1, 2, 4], alone)


@given(SEEDS)
def test_an_additive_score_is_bounded_by_the_sum_of_v(seed: int) -> None:
    query, keys, w_query, w_key, v = drawn(seed, (3, 5), (7, 5), (5, 4), (5, 4), (4,))
    scores = additive_scores(100 * query, 100 * keys, w_query, w_key, v)
    assert (scores.abs() <= v.abs().sum() + 1e-12).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    query, keys, values, w_query, w_key, v = (
        each.to(dtype) for each in drawn(15, (3, 5), (7, 5), (7, 2), (5, 4), (5, 4), (4,))
    )
    assert kernel_attention(query, keys, values, 2.0).dtype == dtype
    assert additive_scores(query, keys, w_query, w_key, v).dtype == dtype


def test_the_inputs_are_left_as_they_are() -> None:
    inputs = drawn(17, (3, 5), (7, 5), (7, 2), (5, 4), (5, 4), (4,))
    copies = [each.clone() for each in inputs]
    query, keys, values, w_query, w_key, v = inputs
    softmax(query, 0)
    kernel_attention(query, keys, values, 2.0)
    additive_scores(query, keys, w_query, w_key, v)
    assert all(map(torch.equal, inputs, copies))
