"""Attention by blocks of rows: the same answer as one product, whatever the shapes."""

import pytest
import torch
from torch import Tensor

from attnbook import rows
from attnbook.attention import scaled_dot_product_attention
from attnbook.masks import causal_mask
from attnbook.rows import row_tiled_attention

from .memory import Written, saved_bytes
from .test_tiled import ERRORS, drawn, inputs, large


@pytest.fixture(params=[(128, 256, 2**19), (1, 1, 1), (3, 2, 61), (5, 7, 500)], ids=str)
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks and buffers as they are, and so small that every edge is met."""
    for name, size in zip(("CAUSAL_ROWS", "FULL_ROWS", "SCORES"), request.param, strict=True):
        monkeypatch.setattr(rows, name, size)
    monkeypatch.setattr(rows, "BACKWARD_BLOCK", request.param[1])


@pytest.mark.usefixtures("sizes")
@pytest.mark.parametrize("dtype", ERRORS, ids=str)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("queries", "keys"), [(13, 17), (17, 13), (17, 17), (1, 19), (19, 1)])
def test_output_and_gradients_are_exact(
    dtype: torch.dtype, causal: bool, queries: int, keys: int
) -> None:
    ours = [x.to(dtype).requires_grad_() for x in inputs(3, queries, keys)]
    exact = [x.detach().double().requires_grad_() for x in ours]
    mask = causal_mask(queries, keys) if causal else None
    found, expected = row_tiled_attention(*ours, causal), scaled_dot_product_attention(*exact, mask)
    assert found.dtype == dtype
    assert (found - expected).abs().max() < ERRORS[dtype]
    (direction,) = drawn(7, found.shape)
    pairs = zip(
        torch.autograd.grad(found, ours, direction.to(dtype)),
        torch.autograd.grad(expected, exact, direction.to(dtype).double()),
        strict=True,
    )
    for gradient, wanted in pairs:
        assert (gradient - wanted).abs().max() < 10 * ERRORS[dtype] * max(1, wanted.abs().max())


@pytest.mark.usefixtures("sizes")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_scores_of_a_thousand_give_the_exact_answer(dtype: torch.dtype) -> None:
    expected = scaled_dot_product_attention(*large())
    found = row_tiled_attention(*(x.to(dtype) for x in large()))
    assert (found - expected).abs().max() < ERRORS[dtype]


@pytest.mark.usefixtures("sizes")
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("queries", "keys"), [(3, 5), (5, 3)])
def test_gradients_agree_with_finite_differences(causal: bool, queries: int, keys: int) -> None:
    given = [x.requires_grad_() for x in drawn(9, (queries, 2), (keys, 2), (keys, 3))]
    assert torch.autograd.gradcheck(lambda q, k, v: row_tiled_attention(q, k, v, causal), given)


@pytest.mark.parametrize("leading", [(), (1,), (2, 3), (2, 1, 3)])
def test_any_leading_axes_will_do(leading: tuple[int, ...]) -> None:
    given = drawn(5, (*leading, 7, 5), (*leading, 11, 5), (*leading, 11, 3))
    expected = scaled_dot_product_attention(*given, causal_mask(7, 11))
    assert torch.allclose(row_tiled_attention(*given, causal=True), expected)


@pytest.mark.parametrize("causal", [False, True])
def test_a_query_that_sees_nothing_gets_zero(causal: bool) -> None:
    assert (row_tiled_attention(*inputs(3, 5, 0), causal) == 0).all()
    assert (row_tiled_attention(*inputs(3, 5, 2), causal=True)[..., :3, :] == 0).all()


def test_the_inputs_are_left_as_they_are_and_need_not_be_contiguous() -> None:
    given = [x.transpose(0, 1) for x in inputs()]
    copies: list[Tensor] = [x.clone() for x in given]
    found = row_tiled_attention(*given, causal=True)
    assert all(map(torch.equal, given, copies))
    assert torch.equal(found, row_tiled_attention(*copies, causal=True))


def test_the_table_of_scores_is_neither_made_nor_kept() -> None:
    given = [x.float().requires_grad_() for x in inputs(3, 1009, 1009)]
    with Written() as written:
        kept = saved_bytes(lambda: row_tiled_attention(*given, causal=True))
    assert written.largest <= rows.SCORES < 1009 * 1009
    assert kept == 4 * 6 * 1009 * (5 + 5 + 7 + 7 + 1 + 1)


@pytest.mark.usefixtures("as_users_call")
def test_inputs_that_do_not_fit_are_refused_with_the_rule_and_the_values() -> None:
    with pytest.raises(ValueError, match="same width, got d_head=11 and d_head=13"):
        row_tiled_attention(*drawn(1, (5, 11), (7, 13), (7, 2)))
    with pytest.raises(ValueError, match="one value for each key, got 7 keys and 3 values"):
        row_tiled_attention(*drawn(1, (5, 11), (7, 11), (3, 2)))
