"""The reference against torch's own attention, forward and backward, in every precision."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from attnbook.attention import scaled_dot_product_attention

# (relative, absolute): a few units in the last place of each format.
TOLERANCES = {
    torch.float64: (1e-12, 1e-12),
    torch.float32: (1e-5, 1e-5),
    torch.float16: (1e-2, 4e-3),
    torch.bfloat16: (6e-2, 3e-2),
}


def masks() -> dict[str, Tensor | None]:
    generator = torch.Generator().manual_seed(3)
    some = torch.rand(2, 1, 5, 7, generator=generator) > 0.4
    empty = some.clone()
    empty[:, :, 2] = False
    return {"no mask": None, "a mask": some | torch.eye(5, 7).bool(), "an empty row": empty}


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("mask", masks().values(), ids=masks())
def test_output_and_gradients_agree_with_torch(dtype: torch.dtype, mask: Tensor | None) -> None:
    generator = torch.Generator().manual_seed(5)
    inputs = [
        torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        for shape in ((2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13))
    ]
    weights = torch.randn(2, 3, 5, 13, generator=generator, dtype=torch.float64).to(dtype)
    ours = scaled_dot_product_attention(*inputs, mask)
    theirs = torch_attention(*inputs, attn_mask=mask)
    pairs = [(ours, theirs)]
    pairs += zip(
        torch.autograd.grad(ours, inputs, weights),
        torch.autograd.grad(theirs, inputs, weights),
        strict=True,
    )
    largest = max((a - b).abs().max().item() for a, b in pairs)
    print(f"{dtype}: largest difference {largest:.2g}")
    rtol, atol = TOLERANCES[dtype]
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol)
