"""Encodings and rotations against Hugging Face: XLM and Marian, Llama and GPT-J."""

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig
from transformers.models.gptj import modeling_gptj
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb
from transformers.models.marian.modeling_marian import MarianSinusoidalPositionalEmbedding
from transformers.models.xlm.modeling_xlm import create_sinusoidal_embeddings

from attnbook.positions import apply_rope, sinusoidal_encoding

from .position_layouts import from_halves, to_halves

D_HEAD, LENGTH = 22, 7
POSITIONS = torch.tensor([0, 1, 2, 5, 90, 400, 2000])


def assert_close(what: str, pairs: list[tuple[Tensor, Tensor]]) -> None:
    """Demand that each pair agrees, and print the largest difference."""
    largest = max((a - b).abs().max().item() for a, b in pairs)
    tolerance = 1e-12 if pairs[0][0].dtype == torch.float64 else 1e-5
    print(f"{what}: largest difference {largest:.2g}")
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


def inputs(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return what is to be turned, and the gradient that arrives."""
    generator = torch.Generator().manual_seed(5)
    x, upstream = torch.randn(2, 2, 3, LENGTH, D_HEAD, generator=generator, dtype=torch.float64)
    return x.to(dtype).requires_grad_(), upstream.to(dtype)


def test_the_encoding_is_that_of_xlm() -> None:
    theirs = torch.empty(3000, 64)
    create_sinusoidal_embeddings(3000, 64, theirs)
    assert_close("XLM", [(sinusoidal_encoding(3000, 64), theirs)])


def test_the_encoding_is_that_of_marian_which_keeps_sines_and_cosines_apart() -> None:
    theirs = MarianSinusoidalPositionalEmbedding(3000, 64).create_weight()
    assert_close("Marian", [(to_halves(sinusoidal_encoding(3000, 64)), theirs)])


@pytest.mark.parametrize("base", [10_000.0, 500_000.0])
def test_rotation_is_that_of_llama_whose_pairs_stand_in_two_halves(base: float) -> None:
    config = LlamaConfig(
        hidden_size=2 * D_HEAD,
        num_attention_heads=2,
        rope_parameters={"rope_type": "default", "rope_theta": base},
    )
    x, upstream = inputs(torch.float32)
    halves = to_halves(x)
    cos, sin = LlamaRotaryEmbedding(config)(halves, POSITIONS[None])
    turned, again = apply_rotary_pos_emb(halves, halves, cos, sin)
    assert torch.equal(turned, again)
    # Llama's angles are float32: at position 2000 they are off by up to 1e-4 radians.
    near = POSITIONS < 100
    ours, theirs = apply_rope(x, POSITIONS, base), from_halves(turned)
    weight = upstream * near[:, None]
    pairs = [(ours[..., near, :], theirs[..., near, :])]
    pairs += zip(
        torch.autograd.grad(ours, x, weight), torch.autograd.grad(theirs, x, weight), strict=True
    )
    assert_close(f"Llama, base {base:.0f}", pairs)
    assert (ours - theirs).abs().max() < 1e-3


def test_given_exact_angles_llamas_rotation_is_ours_in_float64() -> None:
    x, upstream = inputs(torch.float64)
    frequencies = 10_000.0 ** -(torch.arange(0, D_HEAD, 2, dtype=torch.float64) / D_HEAD)
    angles = (POSITIONS[:, None] * frequencies).repeat(1, 2)[None]
    halves = to_halves(x)
    theirs = from_halves(apply_rotary_pos_emb(halves, halves, angles.cos(), angles.sin())[0])
    ours = apply_rope(x, POSITIONS)
    gradients = zip(
        torch.autograd.grad(ours, x, upstream),
        torch.autograd.grad(theirs, x, upstream),
        strict=True,
    )
    assert_close("Llama in float64", [(ours, theirs), *gradients])


def test_rotation_is_that_of_gptj_which_pairs_neighbors() -> None:
    x, upstream = inputs(torch.float32)
    sin, cos = modeling_gptj.create_sinusoidal_positions(100, D_HEAD)[:LENGTH].chunk(2, dim=-1)
    heads_last = x.transpose(1, 2)
    theirs = modeling_gptj.apply_rotary_pos_emb(heads_last, sin[None], cos[None]).transpose(1, 2)
    ours = apply_rope(x, torch.arange(LENGTH))
    gradients = zip(
        torch.autograd.grad(ours, x, upstream),
        torch.autograd.grad(theirs, x, upstream),
        strict=True,
    )
    assert_close("GPT-J", [(ours, theirs), *gradients])
