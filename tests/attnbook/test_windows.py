"""Masks that leave most pairs out, and how far several layers of them reach."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnbook.masks import causal_mask
from attnbook.windows import (
    bigbird_mask,
    dilated_window_mask,
    global_mask,
    random_mask,
    reach,
    sliding_window_mask,
)

LENGTHS = st.integers(1, 17)


@given(LENGTHS, st.data())
def test_a_query_sees_the_keys_that_end_at_its_own(length: int, data: st.DataObject) -> None:
    window = data.draw(st.integers(1, length))
    mask = sliding_window_mask(length, window)
    assert mask.dtype == torch.bool
    for query in range(length):
        seen = [0 <= query - key < window for key in range(length)]
        assert mask[query].tolist() == seen


@given(LENGTHS, st.data())
def test_without_causality_both_sides_are_seen_alike(length: int, data: st.DataObject) -> None:
    window = data.draw(st.integers(1, length))
    behind = sliding_window_mask(length, window)
    assert torch.equal(sliding_window_mask(length, window, causal=False), behind | behind.T)


def test_a_window_as_long_as_the_sequence_is_the_causal_mask() -> None:
    assert torch.equal(sliding_window_mask(13, 13), causal_mask(13))


@given(st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_a_dilated_window_sees_as_many_keys_further_apart(
    window: int, dilation: int, causal: bool
) -> None:
    mask = dilated_window_mask(31, window, dilation, causal)
    keys = (15 - mask[15].nonzero().flatten()).flip(0).tolist()
    first = 0 if causal else 1 - window
    assert keys == [
        step * dilation for step in range(first, window) if -15 <= step * dilation <= 15
    ]


def test_global_positions_see_all_and_are_seen_by_all() -> None:
    mask = global_mask(7, torch.tensor([2, 5]))
    chosen = torch.tensor([False, False, True, False, False, True, False])
    for query in range(7):
        for key in range(7):
            assert mask[query, key] == (chosen[query] | chosen[key])
    assert not global_mask(7, torch.tensor([], dtype=torch.long)).any()


@given(st.integers(0, 13), st.integers(0, 1000))
def test_random_keys_are_as_many_for_each_query(num_random: int, seed: int) -> None:
    mask = random_mask(13, num_random, torch.Generator().manual_seed(seed))
    assert (mask.sum(dim=-1) == num_random).all()


def test_bigbird_sees_its_three_parts_and_nothing_else() -> None:
    generator = torch.Generator().manual_seed(3)
    mask = bigbird_mask(31, 2, torch.tensor([0]), 3, generator)
    near_and_global = sliding_window_mask(31, 2, causal=False) | global_mask(31, torch.tensor([0]))
    assert mask[near_and_global].all()
    random = random_mask(31, 3, torch.Generator().manual_seed(3))
    assert torch.equal(mask, near_and_global | random)


@pytest.mark.parametrize("num_layers", [0, 1, 2, 5])
def test_a_window_reaches_one_less_than_itself_further_back_with_each_layer(
    num_layers: int,
) -> None:
    reached = reach(sliding_window_mask(23, 4), num_layers)
    assert torch.equal(reached, sliding_window_mask(23, min(3 * num_layers + 1, 23)))


def test_one_global_position_makes_everything_reachable_in_two_layers() -> None:
    pattern = sliding_window_mask(23, 2, causal=False) | global_mask(23, torch.tensor([7]))
    assert not reach(pattern, 1).all()
    assert reach(pattern, 2).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sliding_window_mask(7, 0), "got window=0 and 7 positions"),
        (lambda: sliding_window_mask(7, 8), "got window=8 and 7 positions"),
        (lambda: dilated_window_mask(7, 11, 2), "got window=11 and 7 positions"),
        (lambda: dilated_window_mask(7, 3, 0), "at least 1, got dilation=0"),
        (lambda: global_mask(7, torch.tensor([3, 7])), r"num_queries - 1 = 6, got \[3, 7\]"),
        (lambda: global_mask(7, torch.tensor([-1])), r"between 0 and .* got \[-1\]"),
        (lambda: random_mask(7, 8), "got num_random=8 and num_queries=7"),
        (lambda: random_mask(7, -1), "got num_random=-1 and num_queries=7"),
        (lambda: reach(causal_mask(3), -1), "must not be negative, got num_layers=-1"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule_and_the_values(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
