"""Online softmax and tiled attention: the same answer whatever the tiles, in linear memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from attnbook.attention import scaled_dot_product_attention
from attnbook.masks import causal_mask, padding_mask
from attnbook.tiled import online_softmax, tiled_attention

from .memory import Written, saved_bytes

SEEDS = st.integers(0, 10_000)
# What an output may differ from the reference, which is computed in float64.
ERRORS = {torch.float64: 1e-12, torch.float32: 2e-6, torch.float16: 2e-3, torch.bfloat16: 2e-2}
BLOCK_SIZES = (1, 2, 5, 7, 13, 17, 100)


def drawn(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


def inputs(seed: int = 3, queries: int = 13, keys: int = 17) -> list[Tensor]:
    return drawn(seed, (2, 3, queries, 5), (2, 3, keys, 5), (2, 3, keys, 7))


def large(seed: int = 5) -> list[Tensor]:
    """Inputs whose scores are whole numbers up to a thousand, which float32 holds exactly."""
    generator = torch.Generator().manual_seed(seed)
    query, key = (
        torch.randint(-22, 23, (2, 3, length, 4), generator=generator).double()
        for length in (13, 17)
    )
    query[..., 0, :], key[..., 3, :], key[..., 11, :] = 22, 22, -22
    value = torch.randn(2, 3, 17, 7, generator=generator, dtype=torch.float64)
    return [query, key, value]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@settings(max_examples=30)
@given(seed=SEEDS, block_size=st.integers(1, 19))
def test_an_online_softmax_is_a_softmax(dtype: torch.dtype, seed: int, block_size: int) -> None:
    (scores,) = drawn(seed, (2, 3, 17))
    found = online_softmax((10 * scores).to(dtype), block_size)
    assert found.dtype == dtype
    assert (found - (10 * scores).to(dtype).double().softmax(dim=-1)).abs().max() < ERRORS[dtype]


@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_an_online_softmax_survives_scores_of_a_thousand_and_blocks_of_minus_infinity(
    block_size: int,
) -> None:
    scores = torch.tensor([1000.0, -1000, 999, -torch.inf]).repeat_interleave(3).repeat(3, 1)
    scores[1, :7], scores[2, 5:] = -torch.inf, -torch.inf
    assert torch.allclose(online_softmax(scores, block_size), scores.softmax(dim=-1), atol=2e-6)


def test_an_online_softmax_of_nothing_is_zero_with_finite_gradients() -> None:
    scores = torch.tensor([[1.0, 2, 3], [-torch.inf] * 3], requires_grad=True)
    weights = online_softmax(scores, 2)
    assert (weights[1] == 0).all()
    (gradient,) = torch.autograd.grad(weights[:, 0].sum(), scores)
    assert gradient.isfinite().all()


def test_gradients_of_an_online_softmax_agree_with_finite_differences() -> None:
    (scores,) = drawn(7, (3, 7))
    assert torch.autograd.gradcheck(lambda s: online_softmax(s, 3), scores.requires_grad_())


@pytest.mark.parametrize("dtype", ERRORS, ids=str)
@pytest.mark.parametrize("block_size", BLOCK_SIZES)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("queries", "keys"), [(13, 17), (17, 13), (17, 17)])
def test_tiles_of_any_size_give_the_exact_answer(
    dtype: torch.dtype, block_size: int, causal: bool, queries: int, keys: int
) -> None:
    given_inputs = [x.to(dtype) for x in inputs(3, queries, keys)]
    mask = causal_mask(queries, keys) if causal else None
    expected = scaled_dot_product_attention(*(x.double() for x in given_inputs), mask)
    found = tiled_attention(*given_inputs, block_size, causal)
    assert found.dtype == dtype
    assert (found - expected).abs().max() < ERRORS[dtype]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_scores_of_a_thousand_give_the_exact_answer_and_exact_gradients(
    dtype: torch.dtype, block_size: int
) -> None:
    wide = [x.requires_grad_() for x in large()]
    narrow = [x.detach().to(dtype).requires_grad_() for x in wide]
    expected = scaled_dot_product_attention(*wide)
    assert (wide[0] @ wide[1].mT / 2).abs().max() > 900
    found = tiled_attention(*narrow, block_size)
    assert (found - expected).abs().max() < ERRORS[dtype]
    pairs = zip(
        torch.autograd.grad(found.sum(), narrow),
        torch.autograd.grad(expected.sum(), wide),
        strict=True,
    )
    for ours, exact in pairs:
        assert (ours - exact).abs().max() < 22 * ERRORS[dtype] * max(1, exact.abs().max())


@settings(max_examples=40)
@given(seed=SEEDS, block_size=st.integers(1, 19), causal=st.booleans())
def test_any_mask_and_queries_that_see_nothing_give_what_the_reference_gives(
    seed: int, block_size: int, causal: bool
) -> None:
    given_inputs = [x.requires_grad_() for x in inputs(seed)]
    mask = torch.rand(2, 1, 13, 17, generator=torch.Generator().manual_seed(seed)) > 0.6
    mask[:, :, 4] = False
    both = mask & causal_mask(13, 17) if causal else mask
    expected = scaled_dot_product_attention(*given_inputs, both)
    found = tiled_attention(*given_inputs, block_size, causal, mask)
    assert (found[:, :, 4] == 0).all()
    assert (found - expected).abs().max() < 1e-12
    (direction,) = drawn(seed + 1, found.shape)
    pairs = zip(
        torch.autograd.grad(found, given_inputs, direction),
        torch.autograd.grad(expected, given_inputs, direction),
        strict=True,
    )
    for ours, exact in pairs:
        assert (ours - exact).abs().max() < 1e-11


def test_a_mask_may_broadcast() -> None:
    mask = padding_mask(torch.tensor([11, 0]), 17)
    expected = scaled_dot_product_attention(*inputs(), mask)
    assert torch.allclose(tiled_attention(*inputs(), 4, mask=mask), expected)


@pytest.mark.parametrize("block_size", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("queries", "keys"), [(3, 5), (5, 3)])
def test_gradients_agree_with_finite_differences(
    block_size: int, causal: bool, queries: int, keys: int
) -> None:
    given_inputs = [x.requires_grad_() for x in drawn(9, (queries, 2), (keys, 2), (keys, 3))]
    assert torch.autograd.gradcheck(
        lambda q, k, v: tiled_attention(q, k, v, block_size, causal), given_inputs
    )


def test_no_tensor_has_as_many_numbers_as_there_are_scores() -> None:
    query, key, value = (x.requires_grad_() for x in inputs(3, 211, 223))
    with Written() as written:
        tiled_attention(query, key, value, 23, causal=True).sum().backward()
    assert written.largest < 2 * 3 * 223 * 8


def test_what_is_kept_for_the_way_back_grows_linearly_and_in_plain_attention_does_not() -> None:
    def kept(attention, length: int) -> int:
        x = [each.requires_grad_() for each in inputs(3, length, length)]
        return saved_bytes(lambda: attention(*x))

    tiled = [kept(lambda q, k, v: tiled_attention(q, k, v, 64), n) for n in (101, 202, 404)]
    plain = [kept(scaled_dot_product_attention, n) for n in (101, 202, 404)]
    assert tiled[1:] == [2 * tiled[0], 4 * tiled[0]]
    assert plain[2] > 3 * plain[1]


def test_the_inputs_are_left_as_they_are_and_need_not_be_contiguous() -> None:
    given_inputs = [x.transpose(0, 1) for x in inputs()]
    copies = [x.clone() for x in given_inputs]
    found = tiled_attention(*given_inputs, 4, causal=True)
    assert all(map(torch.equal, given_inputs, copies))
    assert torch.equal(found, tiled_attention(*copies, 4, causal=True))


def test_no_keys_at_all_give_zeros() -> None:
    assert (tiled_attention(*inputs(3, 5, 0), 2) == 0).all()


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: online_softmax(torch.zeros(5), 0), "at least 1, got block_size=0"),
        (lambda: tiled_attention(*inputs(), -2), "at least 1, got block_size=-2"),
        (
            lambda: tiled_attention(*drawn(1, (5, 11), (7, 13), (7, 2)), 3),
            "same width, got d_head=11 and d_head=13",
        ),
        (
            lambda: tiled_attention(*drawn(1, (5, 11), (7, 11), (3, 2)), 3),
            "one value for each key, got 7 keys and 3 values",
        ),
        (
            lambda: tiled_attention(*inputs(), 3, mask=torch.ones(17, 13, dtype=torch.bool)),
            r"got mask \(17, 13\) and scores \(2, 3, 13, 17\)",
        ),
        (lambda: tiled_attention(*inputs(), 3, mask=torch.ones(13, 17)), "got torch.float32"),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule_and_the_values(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
