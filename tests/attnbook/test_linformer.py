"""What Linformer must do: exact with all the rank there is, and bounded by its rank without."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from attnbook.attention import scaled_dot_product_attention
from attnbook.linformer import linformer_attention, pooling_map, random_map

SEEDS = st.integers(0, 10_000)


def drawn(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


@given(SEEDS)
def test_identity_maps_of_full_rank_give_exact_attention(seed: int) -> None:
    query, key, value = drawn(seed, (2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13))
    identity = torch.eye(7, dtype=torch.float64)
    output = linformer_attention(query, key, value, identity, identity)
    assert torch.equal(output, scaled_dot_product_attention(query, key, value))


@given(SEEDS)
def test_the_maps_mix_positions_and_leave_features_and_queries_alone(seed: int) -> None:
    query, key, value = drawn(seed, (2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13))
    key_map, value_map = drawn(seed + 1, (7, 3), (7, 3))
    keys = torch.einsum("nr,bhnd->bhrd", key_map, key)
    values = torch.einsum("nr,bhnd->bhrd", value_map, value)
    expected = scaled_dot_product_attention(query, keys, values)
    output = linformer_attention(query, key, value, key_map, value_map)
    torch.testing.assert_close(output, expected, rtol=1e-12, atol=1e-12)


def test_it_is_exact_where_nothing_changes_within_a_stretch() -> None:
    query, key, value = drawn(3, (5, 11), (7, 11), (7, 13))
    key, value = (each.repeat_interleave(3, dim=0) for each in (key, value))
    pool = pooling_map(21, 7).double()
    output = linformer_attention(query, key, value, pool, pool)
    expected = scaled_dot_product_attention(query, key, value)
    # The weights of a stretch are float32's 1/3 in double precision.
    torch.testing.assert_close(output, expected, rtol=1e-6, atol=1e-6)


def test_a_value_of_one_gives_one_where_the_columns_of_the_value_map_sum_to_one() -> None:
    query, key = drawn(5, (5, 11), (21, 11))
    key_map, value_map = drawn(6, (21, 3), (21, 3))
    ones = torch.ones(21, 2, dtype=torch.float64)
    assert not torch.allclose(
        linformer_attention(query, key, ones, key_map, value_map), ones[:5], atol=0.1
    )
    for summing in (value_map / value_map.sum(0), pooling_map(21, 3)):
        output = linformer_attention(query, key, ones, key_map, summing.double())
        torch.testing.assert_close(output, ones[:5], rtol=1e-6, atol=1e-6)


def test_it_fails_where_the_weights_have_full_rank_whatever_the_maps() -> None:
    # Each of 61 tokens attends to itself: what comes out should be the values again.
    key = torch.eye(61, dtype=torch.float64)
    query = 1000 * key
    exact = scaled_dot_product_attention(query, key, key)
    assert (exact - key).norm() < 1e-6
    for rank in (7, 31):
        # No matrix of this rank comes nearer (Eckart and Young): so no map could do better.
        bound = math.sqrt(61 - rank)
        generator = torch.Generator().manual_seed(rank)
        best = torch.eye(61, dtype=torch.float64)[:, :rank]
        drawn_map = random_map(61, rank, generator).double()
        for one_map in (best, drawn_map):
            output = linformer_attention(query, key, key, one_map, one_map)
            assert torch.linalg.matrix_rank(output) <= rank
            assert (output - exact).norm() >= bound - 1e-9


def test_it_has_no_causal_form_since_each_mixture_holds_later_keys() -> None:
    query, key, value = drawn(7, (6, 11), (6, 11), (6, 13))
    pool = pooling_map(6, 2).double()
    before = linformer_attention(query, key, value, pool, pool)
    value[-1] += 1
    assert not torch.allclose(linformer_attention(query, key, value, pool, pool)[0], before[0])


@given(SEEDS)
def test_a_random_map_keeps_products_on_average(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    draws = random_map(5, 20_000, generator)
    # 25 products with a standard error of √2 / √20,000 = .01 at most.
    assert (draws @ draws.mT - torch.eye(5)).abs().max() < 0.06


def test_gradients_agree_with_finite_differences() -> None:
    inputs = [x.requires_grad_() for x in drawn(9, (3, 5), (7, 5), (7, 2), (7, 3), (7, 3))]
    assert torch.autograd.gradcheck(linformer_attention, inputs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_the_output_has_the_precision_of_the_inputs(dtype: torch.dtype) -> None:
    inputs = [each.to(dtype) for each in drawn(11, (5, 11), (21, 11), (21, 13))]
    copies = [each.clone() for each in inputs]
    pool = pooling_map(21, 3)
    assert linformer_attention(*inputs, pool, pool).dtype == dtype
    assert all(map(torch.equal, inputs, copies))


def test_what_is_written_grows_linearly(growth) -> None:
    def attend(length: int) -> Tensor:
        pool = pooling_map(length, 8)
        return linformer_attention(*drawn(13, *[(length, 11)] * 3), pool, pool)

    assert max(growth(attend)) < 4.2


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((5, 11), (7, 11), (7, 2), (6, 3), (7, 3)), "key_map .* each key, got 6 rows and 7 keys"),
        (((5, 11), (7, 11), (7, 2), (7, 3), (6, 3)), "value_map .* got 6 rows and 7 keys"),
        (((5, 11), (7, 11), (7, 2), (7, 3), (7, 5)), "same rank, got 3 and 5 columns"),
        (((5, 11), (7, 11), (3, 2), (7, 3), (7, 3)), "each key, got 7 keys and 3 values"),
        (((5, 11), (7, 13), (7, 2), (7, 3), (7, 3)), "same width, got d_head=11 and d_head=13"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_rule_and_the_values(
    shapes: tuple[tuple[int, ...], ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        linformer_attention(*drawn(15, *shapes))


def test_maps_that_cannot_be_are_refused_with_the_rule_and_the_values() -> None:
    with pytest.raises(ValueError, match="multiple of rank, got num_keys=7 and rank=3"):
        pooling_map(7, 3)
    with pytest.raises(ValueError, match="multiple of rank, got num_keys=7 and rank=0"):
        pooling_map(7, 0)
    with pytest.raises(ValueError, match="rank must be at least 1, got rank=0"):
        random_map(7, 0, torch.Generator())
