"""A cache changes what is computed again, not what comes out."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from attnbook.attention import scaled_dot_product_attention
from attnbook.caching import attend_with_cache, left_padding_mask
from attnbook.costs import cache_bytes
from attnbook.masks import causal_mask

from .test_tiled import drawn, inputs

CHUNKS = st.lists(st.integers(1, 5), min_size=1, max_size=7)


def in_chunks(
    given_inputs: list[Tensor], sizes: list[int], mask: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Feed all positions chunk by chunk; return all outputs and the last cache."""
    past, outputs = [x[..., :0, :] for x in given_inputs[1:]], []
    start = 0
    for size in sizes:
        stop = start + size
        new = [x[..., start:stop, :] for x in given_inputs]
        seen = None if mask is None else mask[..., :stop]
        output, *past = attend_with_cache(*new, *past, seen)
        outputs.append(output)
        start = stop
    return torch.cat(outputs, dim=-2), *past


@given(CHUNKS)
def test_chunks_of_any_sizes_give_what_the_whole_sequence_gives(sizes: list[int]) -> None:
    given_inputs = inputs(3, sum(sizes), sum(sizes))
    found, keys, values = in_chunks(given_inputs, sizes)
    expected = scaled_dot_product_attention(*given_inputs, causal_mask(sum(sizes)))
    assert (found - expected).abs().max() < 1e-12
    assert torch.equal(keys, given_inputs[1])
    assert torch.equal(values, given_inputs[2])


@given(CHUNKS, st.lists(st.integers(0, 7), min_size=2, max_size=2))
def test_padding_on_the_left_makes_no_difference(sizes: list[int], padding: list[int]) -> None:
    length = sum(sizes)
    padding = [min(each, length) for each in padding]
    given_inputs = inputs(5, length, length)
    mask = left_padding_mask(torch.tensor([length - each for each in padding]), length)
    found, *_ = in_chunks(given_inputs, sizes, mask)
    for sequence, hidden in enumerate(padding):
        real = [x[sequence, :, hidden:] for x in given_inputs]
        expected = scaled_dot_product_attention(*real, causal_mask(length - hidden))
        assert (found[sequence, :, :hidden] == 0).all()
        assert torch.allclose(found[sequence, :, hidden:], expected, atol=1e-12)


@given(st.lists(st.integers(0, 7), max_size=5))
def test_padding_on_the_left_is_hidden_and_tokens_are_visible(lengths: list[int]) -> None:
    mask = left_padding_mask(torch.tensor(lengths, dtype=torch.long), 7)
    assert mask.shape == (len(lengths), 1, 1, 7)
    for row, length in zip(mask[:, 0, 0], lengths, strict=True):
        assert row.tolist() == [False] * (7 - length) + [True] * length


def test_gradients_reach_what_is_cached() -> None:
    given_inputs = [x.requires_grad_() for x in drawn(7, (5, 2), (5, 2), (5, 3))]
    whole = scaled_dot_product_attention(*given_inputs, causal_mask(5))
    pairs = zip(
        torch.autograd.grad(in_chunks(given_inputs, [2, 3])[0].square().sum(), given_inputs),
        torch.autograd.grad(whole.square().sum(), given_inputs),
        strict=True,
    )
    assert all(torch.allclose(ours, exact) for ours, exact in pairs)


def test_the_old_cache_is_left_as_it_is() -> None:
    query, key, value = inputs(3, 5, 5)
    cache = inputs(7, 5, 11)[1:]
    copies = [x.clone() for x in cache]
    _, keys, _ = attend_with_cache(query, key, value, *cache)
    assert keys.shape[-2] == 16
    assert all(map(torch.equal, cache, copies))


def test_the_cache_is_as_large_as_the_formula_says() -> None:
    _, keys, values = in_chunks(drawn(3, *3 * [(2, 3, 11, 5)]), [7, 4])
    held = keys.nbytes + values.nbytes
    assert held == cache_bytes(11, 1, 3, 5, batch_size=2, number_bytes=8)


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("shapes", "mask", "message"),
    [
        (((3, 5), (2, 5), (2, 7), (11, 5), (11, 7)), None, "got 3 queries and 2 keys"),
        (((3, 5), (3, 5), (2, 7), (11, 5), (11, 7)), None, "got 3 keys and 2 values"),
        (((3, 5), (3, 5), (3, 7), (11, 5), (10, 7)), None, "got 11 keys and 10 values"),
        (((3, 5), (3, 5), (3, 7), (11, 5), (11, 7)), (3, 11), r"mask \(3, 11\) and .* \(3, 14\)"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_rule_and_the_values(
    shapes: tuple[tuple[int, ...], ...], mask: tuple[int, ...] | None, message: str
) -> None:
    hidden = None if mask is None else torch.ones(mask, dtype=torch.bool)
    with pytest.raises(ValueError, match=message):
        attend_with_cache(*drawn(1, *shapes), hidden)


def test_more_tokens_than_positions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"between 0 and num_keys=7, got \[3, 8\]"):
        left_padding_mask(torch.tensor([3, 8]), 7)
