"""Weights of cross-attention, and how far they are from a known alignment."""

import pytest
import torch

from attnbook.alignment import alignment_errors, cross_attention_weights
from attnbook.transformer import Transformer, TransformerConfig


def small() -> Transformer:
    torch.manual_seed(0)
    return Transformer(TransformerConfig(11, 7, 6, 3, 17, 1, 2, max_len=13))


def inputs_and_output(model, attention, *given):
    seen = []
    handle = attention.register_forward_hook(lambda _, inputs, out: seen.append((inputs, out)))
    model(*given)
    handle.remove()
    return seen[0]


def test_the_weights_are_those_that_the_model_uses():
    model = small()
    source = torch.tensor([[3, 4, 5, 6, 7], [8, 9, 3, 0, 0]])
    target = torch.tensor([[1, 3, 4], [1, 5, 6]])
    for layer in (0, 1):
        attention = model.decoder.blocks[layer].cross_attention
        (_, memory, _, _), output = inputs_and_output(model, attention, source, target)
        weights = cross_attention_weights(model, source, target, layer=layer)
        assert weights.shape == (2, 3, 3, 5)
        assert torch.allclose(weights.sum(-1), torch.ones(2, 3, 3))
        assert weights[1, :, :, 3:].abs().max() == 0
        values = attention.value_proj(memory).unflatten(-1, (3, -1)).transpose(1, 2)
        context = (weights @ values).transpose(1, 2).flatten(2)
        assert torch.allclose(attention.output_proj(context), output, atol=1e-6)


def test_no_hook_stays_behind():
    model = small()
    cross_attention_weights(model, torch.tensor([[3]]), torch.tensor([[1]]))
    assert not model.decoder.blocks[-1].cross_attention._forward_pre_hooks


def test_the_errors_count_rows_that_have_an_alignment():
    weights = torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.1, 0.4], [1.0, 0.0, 0.0]])
    truth = torch.tensor([[True, False, False], [False, True, True], [False, False, False]])
    assert alignment_errors(weights, truth) == pytest.approx((0.5, 0.4))


def test_an_alignment_of_nothing_is_refused():
    with pytest.raises(ValueError, match="must align something, got one without any True"):
        alignment_errors(torch.ones(1, 2) / 2, torch.zeros(1, 2, dtype=torch.bool))
