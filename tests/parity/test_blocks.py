"""Blocks and norms against torch and Hugging Face, forward and backward."""

import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertLayer
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from attnbook.blocks import feed_forward, layer_norm, rms_norm
from attnbook.masks import causal_mask, padding_mask

from .block_weights import (
    from_bert_layer,
    from_torch_decoder_layer,
    from_torch_encoder_layer,
    gradients,
    shuffled_norms,
)

# Relative and absolute, by dtype.
TOLERANCES = {torch.float64: (1e-12, 1e-12), torch.float32: (1e-5, 1e-5)}
D_MODEL, NUM_HEADS, D_FF = 21, 3, 34
LENGTHS, MEMORY_LENGTHS = torch.tensor([5, 3]), torch.tensor([4, 7])
each_dtype = pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
each_order = pytest.mark.parametrize("norm_first", [True, False], ids=["pre-norm", "post-norm"])


def drawn(*shape: int, dtype: torch.dtype, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def agree(ours: Tensor, theirs: Tensor, inputs: dict[str, Tensor], where: Tensor) -> None:
    """Demand equal outputs and gradients at real positions; print the largest difference.

    What stands at padding is nobody's business, and torch may fill it with zeros.
    """
    ours, theirs = ours * where[..., None], theirs * where[..., None]
    pairs = {"output": (ours, theirs)}
    our_gradients, their_gradients = gradients(ours, inputs), gradients(theirs, inputs)
    pairs |= {name: (our_gradients[name], their_gradients[name]) for name in inputs}
    largest = max((a - b).abs().max().item() for a, b in pairs.values())
    print(f"{ours.dtype}: largest difference {largest:.2g}")
    rtol, atol = TOLERANCES[ours.dtype]
    for name, (a, b) in pairs.items():
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol, msg=lambda m, n=name: f"{n}: {m}")


@each_dtype
def test_layer_norm_agrees_with_torch(dtype: torch.dtype) -> None:
    x, gain, bias = (
        drawn(*s, dtype=dtype, seed=i) for i, s in enumerate([(2, 5, 21), (21,), (21,)])
    )
    inputs = {"x": x.requires_grad_(), "gain": gain.requires_grad_(), "bias": bias.requires_grad_()}
    theirs = nn.functional.layer_norm(x, (21,), gain, bias)
    agree(layer_norm(x, gain, bias), theirs, inputs, torch.ones(2, 5))


@each_dtype
def test_rms_norm_agrees_with_torch_and_llama(dtype: torch.dtype) -> None:
    x = drawn(2, 5, 21, dtype=dtype).requires_grad_()
    llama = LlamaRMSNorm(21, eps=1e-6).to(dtype)
    shuffled_norms(llama)
    gain = llama.weight
    theirs = nn.functional.rms_norm(x, (21,), gain, eps=1e-6)
    agree(rms_norm(x, gain), theirs, {"x": x, "gain": gain}, torch.ones(2, 5))
    if dtype == torch.float32:  # Llama's own computes in float32 whatever comes in
        agree(rms_norm(x, gain), llama(x), {"x": x, "gain": gain}, torch.ones(2, 5))


@each_dtype
def test_the_feed_forward_network_agrees_with_torch(dtype: torch.dtype) -> None:
    theirs = nn.Sequential(nn.Linear(21, 34), nn.ReLU(), nn.Linear(34, 21)).to(dtype)
    x = drawn(2, 5, 21, dtype=dtype).requires_grad_()
    first, second = theirs[0], theirs[2]
    ours = feed_forward(x, first.weight.T, first.bias, second.weight.T, second.bias)
    inputs = {"x": x, "w1": first.weight, "b2": second.bias}
    agree(ours, theirs(x), inputs, torch.ones(2, 5))


@each_dtype
@each_order
def test_the_encoder_block_agrees_with_torch(dtype: torch.dtype, norm_first: bool) -> None:
    torch.manual_seed(3)
    theirs = nn.TransformerEncoderLayer(
        D_MODEL, NUM_HEADS, D_FF, dropout=0, batch_first=True, norm_first=norm_first, dtype=dtype
    )
    shuffled_norms(theirs)
    ours = from_torch_encoder_layer(theirs)
    x = drawn(2, 5, D_MODEL, dtype=dtype).requires_grad_()
    mask = padding_mask(LENGTHS, 5)
    weight = ours.feed_forward[0].weight
    hidden = ~mask[:, 0, 0]
    inputs = {"x": x, "a weight": weight}
    agree(ours(x, mask), theirs(x, src_key_padding_mask=hidden), inputs, ~hidden)
    causal = causal_mask(5)
    agree(ours(x, causal), theirs(x, src_mask=~causal), inputs, torch.ones(2, 5))


@each_dtype
@each_order
def test_the_decoder_block_agrees_with_torch(dtype: torch.dtype, norm_first: bool) -> None:
    torch.manual_seed(3)
    theirs = nn.TransformerDecoderLayer(
        D_MODEL, NUM_HEADS, D_FF, dropout=0, batch_first=True, norm_first=norm_first, dtype=dtype
    )
    shuffled_norms(theirs)
    ours = from_torch_decoder_layer(theirs)
    x = drawn(2, 5, D_MODEL, dtype=dtype).requires_grad_()
    memory = drawn(2, 7, D_MODEL, dtype=dtype, seed=1).requires_grad_()
    memory_mask, causal = padding_mask(MEMORY_LENGTHS, 7), causal_mask(5)
    expected = theirs(x, memory, tgt_mask=~causal, memory_key_padding_mask=~memory_mask[:, 0, 0])
    inputs = {"x": x, "memory": memory, "a weight": ours.feed_forward[2].weight}
    agree(ours(x, memory, causal, memory_mask), expected, inputs, torch.ones(2, 5))


@each_dtype
def test_the_encoder_block_agrees_with_berts_layer(dtype: torch.dtype) -> None:
    torch.manual_seed(3)
    config = BertConfig(
        hidden_size=D_MODEL,
        num_attention_heads=NUM_HEADS,
        intermediate_size=D_FF,
        hidden_act="relu",
        layer_norm_eps=1e-5,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )
    theirs = BertLayer(config).to(dtype)
    shuffled_norms(theirs)
    x = drawn(2, 5, D_MODEL, dtype=dtype).requires_grad_()
    mask = padding_mask(LENGTHS, 5)
    bias = torch.zeros(2, 1, 1, 5, dtype=dtype).masked_fill(~mask, -torch.inf)
    expected = theirs(x, attention_mask=bias)
    expected = expected[0] if isinstance(expected, tuple) else expected
    agree(from_bert_layer(theirs)(x, mask), expected, {"x": x}, torch.ones(2, 5))
