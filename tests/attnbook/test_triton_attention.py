"""The Triton kernel, run by Triton's interpreter where there is no GPU."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from attnbook.attention import scaled_dot_product_attention
from attnbook.masks import causal_mask

triton_attention = pytest.importorskip("attnbook.triton_attention").triton_attention
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def drawn(num_queries, num_keys, d_head, d_value, *, dtype=torch.float32, batch=(2, 3)):
    torch.manual_seed(0)
    shapes = [(num_queries, d_head), (num_keys, d_head), (num_keys, d_value)]
    return [
        torch.randn(*batch, *shape, device=DEVICE).to(dtype).requires_grad_() for shape in shapes
    ]


def exact(query, key, value, causal):
    """Return attention in float64, with the last query at the last key."""
    mask = None
    if causal:
        mask = causal_mask(query.shape[-2], key.shape[-2]).to(DEVICE)
    return scaled_dot_product_attention(query.double(), key.double(), value.double(), mask)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("num_queries", "num_keys", "d_head", "d_value"),
    [(64, 64, 16, 16), (67, 67, 17, 13), (5, 131, 7, 3), (131, 67, 19, 23), (1, 1, 2, 3)],
)
def test_values_and_gradients_are_those_of_the_formula(
    num_queries, num_keys, d_head, d_value, causal
):
    inputs = drawn(num_queries, num_keys, d_head, d_value)
    output = triton_attention(*inputs, causal)
    expected = exact(*inputs, causal)
    weight = torch.randn_like(output)
    gradients = torch.autograd.grad(output, inputs, weight)
    wanted = torch.autograd.grad(expected, inputs, weight.double())
    torch.testing.assert_close(output, expected.float(), rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_it_agrees_with_torch(causal):
    inputs = drawn(97, 97, 32, 32)
    theirs = torch_attention(*inputs, is_causal=causal)
    difference = (triton_attention(*inputs, causal) - theirs).abs().max().item()
    print(f"largest difference from torch: {difference:.1e}")
    assert difference <= 1e-5


def test_scores_of_a_thousand_stay_finite():
    query, key, value = drawn(37, 71, 16, 5)
    inputs = [x.detach().requires_grad_() for x in (query * 100, key * 100, value)]
    output = triton_attention(*inputs)
    torch.testing.assert_close(output, exact(*inputs, False).float(), rtol=1e-5, atol=1e-5)
    assert all(g.isfinite().all() for g in torch.autograd.grad(output.sum(), inputs))


def test_queries_that_see_no_key_get_zeros_and_no_gradient():
    inputs = drawn(71, 67, 8, 8)
    output = triton_attention(*inputs, True)
    assert not output[..., :4, :].any()
    gradient = torch.autograd.grad(output.sum(), inputs[0])[0]
    assert not gradient[..., :4, :].any()
    assert gradient[..., 5:, :].any()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float16, 2e-3), (torch.bfloat16, 2e-2)])
def test_half_precision_adds_up_in_float32(dtype, tolerance):
    inputs = drawn(67, 131, 16, 16, dtype=dtype)
    output = triton_attention(*inputs)
    assert output.dtype == dtype
    expected = exact(*inputs, False).to(dtype)
    torch.testing.assert_close(output, expected, rtol=tolerance, atol=tolerance)


def test_strides_and_leading_axes_do_not_matter():
    query, key, value = (x.detach() for x in drawn(13, 17, 5, 7, batch=(3,)))
    turned = [x.mT.contiguous().mT for x in (query, key, value)]
    torch.testing.assert_close(triton_attention(*turned), triton_attention(query, key, value))
    single = triton_attention(query[0], key[0], value[0])
    torch.testing.assert_close(single, triton_attention(query, key, value)[0])


def test_no_query_and_no_key():
    query, key, value = (x.detach() for x in drawn(3, 5, 4, 2))
    assert triton_attention(query[..., :0, :], key, value).shape == (2, 3, 0, 2)
    assert not triton_attention(query, key[..., :0, :], value[..., :0, :]).any()


def test_other_dtypes_are_refused_with_what_was_given():
    query, key, value = drawn(3, 5, 4, 2, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"all bfloat16, on one device, got torch.float64 on"):
        triton_attention(query, key, value)
    with pytest.raises(ValueError, match=r"got torch.float32 on .*, torch.float64 on"):
        triton_attention(query.float(), key, value)


@pytest.mark.usefixtures("as_users_call")
def test_shapes_that_do_not_fit_are_refused():
    query, key, value = drawn(3, 5, 4, 2)
    with pytest.raises(ValueError, match="same width, got d_head=3 and d_head=4"):
        triton_attention(query[..., :3], key, value)
    with pytest.raises(ValueError, match="one value for each key, got 5 keys and 4 values"):
        triton_attention(query, key, value[..., :4, :])
