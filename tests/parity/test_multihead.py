"""The reference against `nn.MultiheadAttention` and Hugging Face's CLIP, forward and backward."""

import pytest
import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPAttention

from .multihead_weights import from_clip, from_torch

# Relative and absolute, by dtype.
TOLERANCES = {torch.float64: (1e-12, 1e-12), torch.float32: (1e-5, 1e-5)}
D_MODEL, NUM_HEADS = 21, 3


def masks() -> dict[str, Tensor | None]:
    generator = torch.Generator().manual_seed(3)
    some = torch.rand(5, 7, generator=generator) > 0.4
    some[:, 0] = True
    return {
        "no mask": None,
        "a mask for all": some,
        "a mask for each": torch.stack([some, ~some | (torch.arange(7) == 0)])[:, None],
    }


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("mask", masks().values(), ids=masks())
def test_output_and_gradients_agree_with_torch(dtype: torch.dtype, mask: Tensor | None) -> None:
    torch.manual_seed(5)
    theirs = nn.MultiheadAttention(D_MODEL, NUM_HEADS, batch_first=True, dtype=dtype)
    nn.init.normal_(theirs.in_proj_bias)
    nn.init.normal_(theirs.out_proj.bias)
    ours = from_torch(theirs)
    inputs = [torch.randn(2, length, D_MODEL, dtype=dtype).requires_grad_() for length in (5, 7, 7)]
    hidden = None if mask is None else ~mask.expand(2, NUM_HEADS, 5, 7).reshape(-1, 5, 7)
    our_output = ours(*inputs, mask)
    their_output, _ = theirs(*inputs, attn_mask=hidden, need_weights=False)
    direction = torch.randn_like(our_output)
    pairs = [(our_output, their_output)]
    pairs += zip(
        torch.autograd.grad(our_output, inputs, direction, retain_graph=True),
        torch.autograd.grad(their_output, inputs, direction, retain_graph=True),
        strict=True,
    )
    (our_output * direction).sum().backward()
    (their_output * direction).sum().backward()
    pairs += [
        (ours.query_proj.weight.grad, theirs.in_proj_weight.grad[:D_MODEL]),
        (ours.value_proj.bias.grad, theirs.in_proj_bias.grad[2 * D_MODEL :]),
        (ours.output_proj.weight.grad, theirs.out_proj.weight.grad),
    ]
    largest = max((a - b).abs().max().item() for a, b in pairs)
    print(f"{dtype}: largest difference {largest:.2g}")
    rtol, atol = TOLERANCES[dtype]
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
@pytest.mark.parametrize("masked", [False, True], ids=["no mask", "a causal mask"])
def test_output_and_gradients_agree_with_hugging_face(dtype: torch.dtype, *, masked: bool) -> None:
    torch.manual_seed(5)
    # Not "eager", whose softmax runs in float32 whatever it is given.
    config = CLIPTextConfig(
        hidden_size=D_MODEL, num_attention_heads=NUM_HEADS, attn_implementation="sdpa"
    )
    theirs = CLIPAttention(config).to(dtype)
    ours = from_clip(theirs)
    x = torch.randn(2, 5, D_MODEL, dtype=dtype).requires_grad_()
    mask = torch.ones(5, 5, dtype=torch.bool).tril() if masked else None
    added = (
        None
        if mask is None
        else torch.zeros(2, 1, 5, 5, dtype=dtype).masked_fill(~mask, torch.finfo(dtype).min)
    )
    our_output = ours(x, x, x, mask)
    their_output, _ = theirs(x, attention_mask=added)
    direction = torch.randn_like(our_output)
    pairs = [(our_output, their_output)]
    pairs += zip(
        torch.autograd.grad(our_output, (x, *ours.parameters()), direction),
        torch.autograd.grad(
            their_output,
            (x, *(p for name in ("q", "k", "v", "out") for p in layer_of(theirs, name))),
            direction,
        ),
        strict=True,
    )
    largest = max((a - b).abs().max().item() for a, b in pairs)
    print(f"{dtype}: largest difference {largest:.2g}")
    rtol, atol = TOLERANCES[dtype]
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


def layer_of(theirs: CLIPAttention, name: str) -> tuple[Tensor, ...]:
    return tuple(getattr(theirs, f"{name}_proj").parameters())
