"""What Performer must do: right on average, finite always, and wrong where norms are large."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from attnbook.attention import scaled_dot_product_attention
from attnbook.performer import favor_features, orthogonal_projection, performer_attention

SEEDS = st.integers(0, 10_000)
D = 5  # the width in the tests of the mean: small, so that blocks are many
DRAWS = 40_000


def generated(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = generated(seed)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


def self_attention(seed: int, length: int = 37) -> list[Tensor]:
    return drawn(seed, (2, 3, length, 11), (2, 3, length, 11), (2, 3, length, 13))


def by_definition(
    query: Tensor, key: Tensor, value: Tensor, projection: Tensor, causal: bool
) -> Tensor:
    weights = favor_features(query, projection) @ favor_features(key, projection).mT
    weights = weights.tril() if causal else weights
    return weights / weights.sum(-1, keepdim=True) @ value


def pair(seed: int, square: float) -> Tensor:
    """Return a query and a key whose sum, after the scaling, has this squared norm."""
    (x,) = drawn(seed, (2, D))
    return x * math.sqrt(square) * D**0.25 / x.sum(0).norm()


def products(x: Tensor, projection: Tensor) -> Tensor:
    """Return φ(q)·φ(k) for each block of the projection by itself, over exp(q·k / √d)."""
    phi_q, phi_k = favor_features(x, projection.double())
    # The features are divided by the root of how many there are in all blocks.
    blocks = (phi_q * phi_k).unflatten(-1, (-1, D)).sum(-1) * len(projection) / D
    return blocks / (x[0] @ x[1] / math.sqrt(D)).exp()


def deviation(ratios: Tensor) -> float:
    """Return how many standard errors the mean stands from one."""
    return ((ratios.mean() - 1) / (ratios.std() / math.sqrt(len(ratios)))).item()


@pytest.mark.parametrize("square", [0.25, 0.5, 1.0, 2.0])
def test_products_of_features_are_the_softmax_kernel_on_average(square: float) -> None:
    projection = orthogonal_projection(DRAWS * D, D, generated(3))
    assert abs(deviation(products(pair(5, square), projection))) < 4


def test_directions_with_the_signs_that_qr_leaves_are_biased() -> None:
    generator = generated(3)
    blocks = torch.randn(DRAWS, D, D, generator=generator, dtype=torch.float64)
    lengths = torch.randn(DRAWS, D, D, generator=generator, dtype=torch.float64).norm(dim=-1)
    directions = torch.linalg.qr(blocks)[0].mT
    x = torch.full((2, D), math.sqrt(0.5) * D**0.25 / math.sqrt(4 * D), dtype=torch.float64)
    ratios = products(x, (lengths[..., None] * directions).flatten(0, 1))
    # Off by more than a tenth: the first direction never points to the side of x.
    assert ratios.mean() < 0.9
    assert deviation(ratios) < -20


def test_each_row_of_a_projection_is_a_standard_normal_draw() -> None:
    rows = orthogonal_projection(DRAWS * D, D, generated(7)).unflatten(0, (DRAWS, D))
    # Each row of the block has the mean, the variance and the kurtosis of a normal.
    assert rows.mean(0).abs().max() < 4 / math.sqrt(DRAWS)
    assert (rows.var(0) - 1).abs().max() < 4 * math.sqrt(2 / DRAWS)
    assert ((rows**4).mean(0) - 3).abs().max() < 4 * math.sqrt(96 / DRAWS)


@given(SEEDS)
def test_rows_of_one_block_are_orthogonal(seed: int) -> None:
    rows = orthogonal_projection(17, 7, generated(seed))
    assert rows.shape == (17, 7)
    assert rows.dtype == torch.get_default_dtype()
    for block in rows.split(7):
        directions = block / block.norm(dim=-1, keepdim=True)
        assert torch.allclose(directions @ directions.T, torch.eye(len(block)), atol=1e-5)


def test_one_generator_gives_one_projection() -> None:
    first, again, other = (orthogonal_projection(17, 7, generated(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("square", [0.25, 0.5, 1.0])
def test_the_variance_is_what_the_docstring_says_and_smaller_for_orthogonal_rows(
    square: float,
) -> None:
    (independent,) = drawn(9, (DRAWS * D, D))
    predicted = (math.exp(square) - 1) / D
    measured = products(pair(5, square), independent).var().item()
    assert measured == pytest.approx(predicted, rel=0.05)
    orthogonal = orthogonal_projection(DRAWS * D, D, generated(9))
    assert products(pair(5, square), orthogonal).var() < 0.97 * measured


@given(SEEDS)
def test_features_are_positive(seed: int) -> None:
    (x,) = drawn(seed, (2, 5, 11))
    features = favor_features(x, orthogonal_projection(17, 11, generated(seed)))
    assert features.shape == (2, 5, 17)
    assert (features > 0).all()


@given(SEEDS)
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_its_definition(causal: bool, seed: int) -> None:
    inputs = self_attention(seed)
    projection = orthogonal_projection(17, 11, generated(seed)).double()
    output = performer_attention(*inputs, projection, causal)
    expected = by_definition(*inputs, projection, causal)
    torch.testing.assert_close(output, expected, rtol=1e-11, atol=1e-12)


def test_queries_and_keys_may_differ_in_number() -> None:
    inputs = drawn(11, (2, 5, 11), (2, 7, 11), (2, 7, 13))
    projection = orthogonal_projection(17, 11, generated(11)).double()
    output = performer_attention(*inputs, projection)
    expected = by_definition(*inputs, projection, causal=False)
    torch.testing.assert_close(output, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_gradients_are_those_of_the_definition(causal: bool) -> None:
    inputs = [each.requires_grad_() for each in self_attention(13)]
    projection = orthogonal_projection(17, 11, generated(13)).double()
    (arriving,) = drawn(14, (2, 3, 37, 13))
    ours, theirs = (
        torch.autograd.grad(attend(*inputs, projection, causal), inputs, arriving)
        for attend in (performer_attention, by_definition)
    )
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16], ids=str
)
@pytest.mark.parametrize("scale", [1, 30, 1000])
def test_a_value_of_one_gives_one_and_gradients_are_finite_at_any_scale(
    causal: bool, dtype: torch.dtype, scale: float
) -> None:
    query, key, _ = (scale * each for each in self_attention(15))
    query, key = (each.to(dtype).requires_grad_() for each in (query, key))
    ones = torch.ones(2, 3, 37, 2, dtype=dtype, requires_grad=True)
    projection = orthogonal_projection(17, 11, generated(15))
    output = performer_attention(query, key, ones, projection, causal)
    assert output.dtype == dtype
    torch.testing.assert_close(output, torch.ones_like(output))
    gradients = torch.autograd.grad(output.square().sum(), (query, key, ones))
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("first_changed", [1, 15, 16, 17, 36])
@pytest.mark.parametrize("factor", [-1, 30])
def test_a_later_token_makes_no_difference(first_changed: int, factor: float) -> None:
    inputs = [each.float() for each in self_attention(17)]
    projection = orthogonal_projection(17, 11, generated(17))
    before = performer_attention(*inputs, projection, causal=True)
    for each in inputs:
        each[..., first_changed:, :] *= factor
    after = performer_attention(*inputs, projection, causal=True)
    assert torch.equal(after[..., :first_changed, :], before[..., :first_changed, :])
    assert not torch.equal(after[..., first_changed, :], before[..., first_changed, :])


def test_the_first_token_keeps_its_value_beside_later_keys_of_any_weight() -> None:
    query, key, value = (each.float() for each in self_attention(19))
    # A long key has tiny features. One maximum over all keys would lose it to the others.
    key[..., 0, :] *= 100
    projection = orthogonal_projection(17, 11, generated(19))
    output = performer_attention(query, key, value, projection, causal=True)
    torch.testing.assert_close(output[..., 0, :], value[..., 0, :])


def relative_error(scale: float, seed: int) -> float:
    query, key, value = drawn(seed, (61, 17), (61, 17), (61, 13))
    projection = orthogonal_projection(128, 17, generated(seed + 1))
    exact = scaled_dot_product_attention(scale * query, scale * key, value)
    output = performer_attention(scale * query, scale * key, value, projection)
    return ((output - exact).norm() / exact.norm()).item()


def test_it_fails_on_large_norms_where_zeros_would_be_nearer() -> None:
    small, large = ([relative_error(scale, seed) for seed in range(7)] for scale in (0.25, 4))
    assert max(small) < 0.1
    assert min(large) > 1.0


@pytest.mark.parametrize("causal", [False, True])
def test_what_is_written_grows_linearly(growth, causal: bool) -> None:
    projection = orthogonal_projection(17, 11, generated(21))

    def attend(length: int) -> Tensor:
        return performer_attention(*drawn(21, *[(length, 11)] * 3), projection, causal)

    assert max(growth(attend)) < 4.2


def test_the_inputs_are_left_as_they_are() -> None:
    inputs = [*self_attention(23), orthogonal_projection(17, 11, generated(23))]
    copies = [each.clone() for each in inputs]
    for causal in (False, True):
        performer_attention(*inputs, causal)
    assert all(map(torch.equal, inputs, copies))


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("shapes", "causal", "message"),
    [
        (((5, 11), (7, 13), (7, 2), (17, 11)), False, "width, got d_head=11 and d_head=13"),
        (((5, 11), (7, 11), (3, 2), (17, 11)), False, "each key, got 7 keys and 3 values"),
        (((5, 11), (0, 11), (0, 2), (17, 11)), False, "at least one key, got 0 keys"),
        (
            ((5, 11), (7, 11), (7, 2), (11, 17)),
            False,
            "x and projection .* got d_head=11 and d_.*17",
        ),
        (((5, 11), (7, 11), (7, 2), (17, 11)), True, "as many .* got 5 queries and 7 keys"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_rule_and_the_values(
    shapes: tuple[tuple[int, ...], ...], causal: bool, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        performer_attention(*drawn(25, *shapes), causal)


@pytest.mark.parametrize(("num_features", "d_head"), [(0, 7), (7, 0)])
def test_a_projection_without_rows_or_width_is_refused(num_features: int, d_head: int) -> None:
    message = f"must be at least 1, got num_features={num_features} and d_head={d_head}"
    with pytest.raises(ValueError, match=message):
        orthogonal_projection(num_features, d_head, generated(1))
