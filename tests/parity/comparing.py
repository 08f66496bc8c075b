"""Draw inputs, and compare results and gradients with what others wrote."""

import torch
from torch import Tensor

# (relative, absolute): a few units in the last place of each format.
TOLERANCES = {
    torch.float64: (1e-12, 1e-12),
    torch.float32: (1e-5, 1e-5),
    torch.float16: (1e-2, 4e-3),
    torch.bfloat16: (6e-2, 3e-2),
}


def drawn(dtype: torch.dtype, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(5)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        for shape in shapes
    ]


def assert_alike(ours: Tensor, theirs: Tensor, inputs: list[Tensor]) -> None:
    """Compare two outputs and the gradients of all inputs."""
    generator = torch.Generator().manual_seed(7)
    direction = torch.randn(ours.shape, generator=generator, dtype=torch.float64).to(ours.dtype)
    pairs = [(ours, theirs)]
    pairs += zip(
        torch.autograd.grad(ours, inputs, direction),
        torch.autograd.grad(theirs, inputs, direction),
        strict=True,
    )
    largest = max((a - b).abs().max().item() for a, b in pairs)
    print(f"{ours.dtype}: largest difference {largest:.2g}")
    rtol, atol = TOLERANCES[ours.dtype]
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol)
