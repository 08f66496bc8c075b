"""What the recurrent models know, and what they cannot know."""

import pytest
import torch
from torch import Tensor, nn

from attnbook.recurrent import AttentiveEncoderDecoder, GRUEncoderDecoder

VOCAB, D_MODEL, LENGTH = 11, 13, 7
MODELS = [GRUEncoderDecoder, AttentiveEncoderDecoder]


def made(model: type[nn.Module]) -> nn.Module:
    torch.manual_seed(3)
    return model(VOCAB, D_MODEL)


def tokens(batch: int, length: int, seed: int = 5) -> Tensor:
    return torch.randint(VOCAB, (batch, length), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("model", MODELS)
def test_there_are_logits_for_each_token_of_the_target(model: type[nn.Module]) -> None:
    assert made(model)(tokens(2, LENGTH), tokens(2, 5)).shape == (2, 5, VOCAB)


@pytest.mark.parametrize("model", MODELS)
def test_a_later_token_of_the_target_changes_no_earlier_logits(model: type[nn.Module]) -> None:
    source, previous = tokens(2, LENGTH), tokens(2, 5, seed=7)
    before = made(model)(source, previous)
    previous[:, 3] = (previous[:, 3] + 1) % VOCAB
    after = made(model)(source, previous)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("place", range(LENGTH))
def test_every_token_of_the_source_changes_the_logits(model: type[nn.Module], place: int) -> None:
    source, previous = tokens(2, LENGTH), tokens(2, 5, seed=7)
    before = made(model)(source, previous)
    source[:, place] = (source[:, place] + 1) % VOCAB
    assert not torch.equal(before, made(model)(source, previous))


@pytest.mark.parametrize("model", MODELS)
def test_every_parameter_gets_a_gradient(model: type[nn.Module]) -> None:
    module = made(model)
    module(tokens(2, LENGTH), tokens(2, 5)).square().sum().backward()
    assert all(each.grad is not None and each.grad.any() for each in module.parameters())


def test_the_decoder_knows_the_source_through_one_state_alone() -> None:
    module = made(GRUEncoderDecoder)
    longer = tokens(2, LENGTH + 4)
    _, state = module.encoder(module.source_embedding(longer))
    assert state.shape == (1, 2, D_MODEL)
    module.encoder.forward = lambda x: (None, state)
    previous = tokens(2, 5)
    expected = module(longer, previous)
    assert torch.equal(module(tokens(2, 3), previous), expected)


def test_the_alignment_of_each_step_sums_to_one_over_the_source() -> None:
    module = made(AttentiveEncoderDecoder)
    source, previous = tokens(2, LENGTH), tokens(2, 5)
    logits, alignment = module.with_alignment(source, previous)
    assert alignment.shape == (2, 5, LENGTH)
    assert torch.allclose(alignment.sum(-1), torch.ones(()))
    assert torch.equal(logits, module(source, previous))


def test_with_attention_on_one_state_the_context_is_that_state() -> None:
    module = made(AttentiveEncoderDecoder)
    _, alignment = module.with_alignment(tokens(2, 1), tokens(2, 5))
    assert torch.equal(alignment, torch.ones(2, 5, 1))


def test_a_longer_v_makes_the_alignment_sharper() -> None:
    module, source, previous = made(AttentiveEncoderDecoder), tokens(2, LENGTH), tokens(2, 5)
    _, before = module.with_alignment(source, previous)
    with torch.no_grad():
        module.v.mul_(10)
    _, after = module.with_alignment(source, previous)
    assert after.amax(-1).mean() > before.amax(-1).mean()
