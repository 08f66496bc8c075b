"""Formulas against what is counted while the code runs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from attnbook.attention import scaled_dot_product_attention
from attnbook.costs import (
    attention_flops,
    cache_bytes,
    causal_pairs,
    multihead_flops,
    naive_saved_bytes,
    naive_traffic,
    tiled_saved_bytes,
    tiled_traffic,
    training_flops,
)
from attnbook.masks import causal_mask
from attnbook.multihead import GroupedQueryAttention, MultiHeadAttention
from attnbook.tiled import tiled_attention

from .memory import saved_bytes

COUNTS = st.integers(0, 13)


def counted(compute) -> int:
    with FlopCounterMode(display=False) as counter:
        compute()
    return counter.get_total_flops()


def inputs(*leading: int) -> list[torch.Tensor]:
    shapes = ((*leading, 13, 5), (*leading, 17, 5), (*leading, 17, 5))
    return [torch.randn(shape).requires_grad_() for shape in shapes]


def test_the_formula_is_what_torch_counts() -> None:
    query, key, value = inputs(2, 3)
    expected = attention_flops(13, 17, 5, num_heads=2 * 3)
    assert counted(lambda: scaled_dot_product_attention(query, key, value)) == expected
    assert counted(lambda: tiled_attention(query, key, value, 4)) == expected


def test_the_way_back_costs_twice_as_much_and_more_if_scores_are_computed_again() -> None:
    def both(attention, *more: int):
        return lambda: attention(*inputs(2, 3), *more).sum().backward()

    kept = training_flops(13, 17, 5, 6, recompute=False)
    again = training_flops(13, 17, 5, 6, recompute=True)
    assert counted(both(scaled_dot_product_attention)) == kept
    assert counted(both(tiled_attention, 4)) == again
    assert (kept, again) == tuple(n * attention_flops(13, 17, 5, 6) // 2 for n in (6, 7))


@given(COUNTS, COUNTS)
def test_causal_pairs_are_those_of_the_mask(queries: int, keys: int) -> None:
    assert causal_pairs(queries, keys) == causal_mask(queries, keys).sum().item()


def test_causal_tiles_that_see_nothing_are_not_computed() -> None:
    x = [torch.randn(48, 5) for _ in range(3)]
    wanted = attention_flops(48, 48, 5, causal=True)
    assert counted(lambda: tiled_attention(*x, 1, causal=True)) == wanted
    assert wanted < counted(lambda: tiled_attention(*x, 4, causal=True)) < 1.1 * wanted


@pytest.mark.parametrize("num_kv_heads", [None, 6, 2, 1])
def test_a_layer_costs_its_projections_and_its_attention(num_kv_heads: int | None) -> None:
    layer: nn.Module = MultiHeadAttention(30, 6)
    if num_kv_heads is not None:
        layer = GroupedQueryAttention(30, 6, num_kv_heads=num_kv_heads)
    x = torch.randn(1, 13, 30)
    assert counted(lambda: layer(x, x, x)) == multihead_flops(13, 30, 6, num_kv_heads)


def test_projections_and_attention_cost_the_same_at_twice_the_width() -> None:
    assert multihead_flops(60, 30) == 2 * attention_flops(60, 60, 30)


def test_kept_bytes_are_what_autograd_keeps() -> None:
    query, key, value = inputs()
    kept = saved_bytes(lambda: scaled_dot_product_attention(query, key, value))
    assert kept == naive_saved_bytes(13, 17, 5)
    kept = saved_bytes(lambda: tiled_attention(query, key, value, 4))
    assert kept == tiled_saved_bytes(13, 17, 5)


def test_traffic_falls_with_the_block_and_never_below_one_pass() -> None:
    moved = [tiled_traffic(1009, 1009, 61, block) for block in (1, 10, 100, 1009, 2000)]
    assert moved == sorted(moved, reverse=True)
    assert moved[-1] == 4 * 4 * 1009 * 61
    assert moved[3] == moved[4] == naive_traffic(1009, 1009, 61) - 4 * 4 * 1009**2
    assert tiled_traffic(13, 17, 5, 4, number_bytes=2) == 2 * 5 * (2 * 13 + 4 * 2 * 17)


def test_fewer_heads_of_keys_make_a_smaller_cache() -> None:
    many, few = (cache_bytes(101, 7, heads, 5) for heads in (6, 2))
    assert many == 3 * few == 2 * 4 * 7 * 6 * 101 * 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention_flops(-1, 7, 5), "got num_queries=-1, num_keys=7, d_head=5"),
        (lambda: causal_pairs(3, -2), "must not be negative, got num_queries=3, num_keys=-2"),
        (
            lambda: multihead_flops(7, 10, 3),
            "multiple of num_heads, got d_model=10 and num_heads=3",
        ),
        (lambda: tiled_traffic(7, 7, 5, 0), "at least 1, got block_size=0"),
        (lambda: cache_bytes(-3, 1, 1, 5), "must not be negative, got num_positions=-3"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule_and_the_values(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
