"""What linear attention must do: one result in every form, and what no scale can sharpen."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from attnbook.attention import attention_weights, scaled_dot_product_attention
from attnbook.linear_attention import (
    chunked_linear_attention,
    feature_map,
    linear_attention,
    parallel_linear_attention,
    recurrent_linear_attention,
)

SEEDS = st.integers(0, 10_000)
CHUNK_SIZES = [1, 2, 5, 17, 18]

CAUSAL_FORMS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "default": lambda q, k, v: linear_attention(q, k, v, causal=True),
    "recurrent": lambda q, k, v: recurrent_linear_attention(q, k, v)[0],
    **{
        f"chunks of {size}": lambda q, k, v, size=size: chunked_linear_attention(q, k, v, size)
        for size in CHUNK_SIZES
    },
}


def drawn(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


def self_attention(seed: int, length: int = 17) -> list[Tensor]:
    return drawn(seed, (2, 3, length, 11), (2, 3, length, 11), (2, 3, length, 13))


@given(SEEDS)
def test_features_are_positive(seed: int) -> None:
    (x,) = drawn(seed, (5, 11))
    assert (feature_map(100 * x) > 0).all()


def test_the_feature_map_is_elu_plus_one_and_keeps_its_digits_far_below_zero() -> None:
    x = torch.linspace(-30, 30, 61, requires_grad=True)
    torch.testing.assert_close(feature_map(x), torch.nn.functional.elu(x) + 1)
    assert (torch.nn.functional.elu(x[:10]) + 1 == 0).any()
    torch.testing.assert_close(feature_map(x[:10]), x[:10].exp())
    (gradient,) = torch.autograd.grad(feature_map(1e3 * x).sum(), x)
    assert gradient.isfinite().all()


@given(SEEDS)
def test_the_order_of_the_products_makes_no_difference(seed: int) -> None:
    query, key, value = drawn(seed, (2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13))
    q, k = feature_map(query), feature_map(key)
    weights = (q[..., :, None, :] * k[..., None, :, :]).sum(-1)
    expected = weights / weights.sum(-1, keepdim=True) @ value
    for attend in (linear_attention, parallel_linear_attention):
        torch.testing.assert_close(attend(query, key, value), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("form", CAUSAL_FORMS)
def test_every_causal_form_gives_the_same_output_and_gradients(form: str) -> None:
    inputs = [each.requires_grad_() for each in self_attention(3)]
    (arriving,) = drawn(4, (2, 3, 17, 13))
    ours, theirs = CAUSAL_FORMS[form](*inputs), parallel_linear_attention(*inputs, causal=True)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    for a, b in zip(
        torch.autograd.grad(ours, inputs, arriving),
        torch.autograd.grad(theirs, inputs, arriving),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-12)


def test_causal_attention_at_the_last_token_is_attention_to_everything() -> None:
    inputs = self_attention(5)
    causal, full = linear_attention(*inputs, causal=True), linear_attention(*inputs)
    torch.testing.assert_close(causal[..., -1, :], full[..., -1, :], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(causal[..., 0, :], inputs[2][..., 0, :], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("form", CAUSAL_FORMS)
@pytest.mark.parametrize("first_changed", [1, 6, 16])
def test_a_later_token_makes_no_difference(form: str, first_changed: int) -> None:
    inputs = self_attention(7)
    before = CAUSAL_FORMS[form](*inputs)
    for each in inputs:
        each[..., first_changed:, :] *= -100
    after = CAUSAL_FORMS[form](*inputs)
    assert torch.equal(after[..., :first_changed, :], before[..., :first_changed, :])
    assert not torch.equal(after[..., first_changed, :], before[..., first_changed, :])


def test_reading_goes_on_where_the_state_left_off() -> None:
    inputs = self_attention(9)
    whole, last = recurrent_linear_attention(*inputs)
    state, parts = None, []
    for start, end in ((0, 5), (5, 5), (5, 17)):
        output, state = recurrent_linear_attention(*(x[..., start:end, :] for x in inputs), state)
        assert state.shape == (2, 3, 11, 14)
        parts.append(output)
    assert torch.equal(torch.cat(parts, dim=-2), whole)
    assert torch.equal(state, last)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("form", CAUSAL_FORMS)
def test_a_value_of_one_gives_one_in_every_precision(form: str, dtype: torch.dtype) -> None:
    # 1,009 keys: their sum would overflow float16.
    query, key = (30 * each for each in drawn(11, (1009, 11), (1009, 11)))
    ones = torch.ones(1009, 3, dtype=dtype)
    for attend in (CAUSAL_FORMS[form], linear_attention):
        output = attend(query.to(dtype), key.to(dtype), ones)
        assert output.dtype == dtype
        assert torch.equal(output, ones)


def test_a_query_that_weighs_no_key_gets_zeros_and_finite_gradients() -> None:
    query, key, value = (each.float().requires_grad_() for each in self_attention(13))
    output = linear_attention(query - 1e4, key, value)
    assert (output == 0).all()
    gradients = torch.autograd.grad(output.sum(), (query, key, value))
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert (linear_attention(query, key[..., :0, :], value[..., :0, :]) == 0).all()


def test_the_inputs_are_left_as_they_are() -> None:
    inputs = self_attention(15)
    copies = [each.clone() for each in inputs]
    for attend in (*CAUSAL_FORMS.values(), linear_attention):
        attend(*inputs)
    assert all(map(torch.equal, inputs, copies))


@pytest.mark.parametrize("causal", [False, True])
def test_what_is_written_grows_linearly_but_for_the_parallel_form(growth, causal: bool) -> None:
    def total(attend: Callable[..., Tensor]) -> float:
        return growth(lambda n: attend(*drawn(17, (n, 11), (n, 11), (n, 13)), causal=causal))[0]

    assert total(linear_attention) == pytest.approx(4, abs=0.2)
    assert total(parallel_linear_attention) > 10


def test_it_fails_at_recall_however_large_the_query() -> None:
    # 61 tokens whose keys are orthogonal; each query is the key that it looks for.
    key = torch.eye(61, dtype=torch.float64)
    (value,) = drawn(19, (61, 13))
    mean = value.mean(0).expand_as(value)
    blurred = (mean - value).norm()
    for scale in (100, 10_000):
        exact = scaled_dot_product_attention(scale * key, key, value)
        ours = linear_attention(scale * key, key, value)
        assert (exact - value).norm() < 1e-3 * blurred
        # Better than the mean of all values, but by less than a tenth.
        assert 0.9 * blurred < (ours - value).norm() < blurred
        assert attention_weights(scale * key, key).max() > 0.999
        assert linear_attention(scale * key, key, key).max() < 0.05


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("attend", "shapes", "message"),
    [
        (linear_attention, ((5, 11), (7, 13), (7, 2)), "width, got d_head=11 and d_head=13"),
        (linear_attention, ((5, 11), (7, 11), (3, 2)), "each key, got 7 keys and 3 values"),
        *(
            (form, ((5, 11), (7, 11), (7, 2)), "as many queries as keys, got 5 queries and 7 keys")
            for form in CAUSAL_FORMS.values()
        ),
        (
            lambda q, k, v: parallel_linear_attention(q, k, v, causal=True),
            ((5, 11), (7, 11), (7, 2)),
            "as many queries as keys, got 5 queries and 7 keys",
        ),
        (
            lambda q, k, v: chunked_linear_attention(q, k, v, 0),
            ((7, 11), (7, 11), (7, 2)),
            "chunk_size must be at least 1, got chunk_size=0",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_rule_and_the_values(
    attend: Callable[..., Tensor], shapes: tuple[tuple[int, ...], ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        attend(*drawn(23, *shapes))
