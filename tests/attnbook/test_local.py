"""Windows by blocks are windows by masks, for less."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnbook.attention import scaled_dot_product_attention
from attnbook.local import local_attention, two_sided_local_attention
from attnbook.windows import sliding_window_mask

from .memory import Written, saved_bytes
from .test_tiled import ERRORS, drawn, inputs, large


@given(st.integers(1, 23), st.booleans(), st.data())
def test_blocks_give_what_the_mask_gives_and_the_same_gradients(
    length: int, causal: bool, data: st.DataObject
) -> None:
    window = data.draw(st.integers(1, length))
    given_inputs = [x.requires_grad_() for x in inputs(3, length, length)]
    mask = sliding_window_mask(length, window, causal)
    expected = scaled_dot_product_attention(*given_inputs, mask)
    blocks = local_attention if causal else two_sided_local_attention
    found = blocks(*given_inputs, window)
    assert (found - expected).abs().max() < 1e-12
    pairs = zip(
        torch.autograd.grad(found.square().sum(), given_inputs),
        torch.autograd.grad(expected.square().sum(), given_inputs),
        strict=True,
    )
    for ours, exact in pairs:
        assert (ours - exact).abs().max() < 1e-11


@pytest.mark.parametrize("dtype", ERRORS, ids=str)
def test_every_precision_comes_close_to_float64(dtype: torch.dtype) -> None:
    given_inputs = [x.to(dtype) for x in inputs(3, 17, 17)]
    mask = sliding_window_mask(17, 5)
    expected = scaled_dot_product_attention(*(x.double() for x in given_inputs), mask)
    found = local_attention(*given_inputs, 5)
    assert found.dtype == dtype
    # The narrow formats add up in themselves here.
    loose = 1 if dtype in {torch.float32, torch.float64} else 3
    assert (found - expected).abs().max() < loose * ERRORS[dtype]


def test_scores_of_a_thousand_give_the_exact_answer() -> None:
    query, key, value = (x[..., :13, :] for x in large())
    expected = scaled_dot_product_attention(query, key, value, sliding_window_mask(13, 5))
    found = local_attention(query.float(), key.float(), value.float(), 5)
    assert (found - expected).abs().max() < 2e-6


def test_what_stands_outside_the_window_makes_no_difference() -> None:
    query, key, value = inputs(3, 17, 17)
    before = local_attention(query, key, value, 5)
    key[..., :4, :], value[..., :4, :] = 1e6, -1e6
    assert torch.equal(local_attention(query, key, value, 5)[..., 8:, :], before[..., 8:, :])


def test_memory_grows_with_the_length_times_the_window() -> None:
    def kept(length: int) -> int:
        x = [each.requires_grad_() for each in inputs(3, length, length)]
        return saved_bytes(lambda: local_attention(*x, 13))

    assert kept(13 * 32) < 2.1 * kept(13 * 16)
    with Written() as written:
        local_attention(*inputs(3, 503, 503), 13)
    assert written.largest <= 2 * 3 * 507 * 26


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("shapes", "window", "message"),
    [
        (((7, 5), (7, 5), (7, 3)), 0, "got window=0 and 7 positions"),
        (((7, 5), (7, 5), (7, 3)), 8, "got window=8 and 7 positions"),
        (((7, 5), (11, 5), (11, 3)), 3, "as many queries as keys, got 7 queries and 11 keys"),
        (((7, 5), (7, 5), (11, 3)), 3, "one value for each key, got 7 keys and 11 values"),
        (((7, 5), (7, 3), (7, 3)), 3, "same width, got d_head=5 and d_head=3"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule_and_the_values(
    shapes: tuple[tuple[int, ...], ...], window: int, message: str
) -> None:
    for attention in (local_attention, two_sided_local_attention):
        with pytest.raises(ValueError, match=message):
            attention(*drawn(1, *shapes), window)
