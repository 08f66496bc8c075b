"""The assembled transformer: masks, caches and what it refuses."""

import pytest
import torch
from torch import Tensor

from attnbook.transformer import Embedding, Transformer, TransformerConfig

CONFIG = TransformerConfig(
    source_vocab_size=13, target_vocab_size=11, d_model=20, num_heads=5, d_ff=34,
    num_encoder_layers=2, num_decoder_layers=3, max_len=17,
)  # fmt: skip


def model(config: TransformerConfig = CONFIG) -> Transformer:
    torch.manual_seed(3)
    return Transformer(config).double()


def tokens(vocab_size: int, *shape: int) -> Tensor:
    return torch.randint(1, vocab_size, shape, generator=torch.Generator().manual_seed(5))


def test_padding_of_the_source_changes_nothing() -> None:
    source, target = tokens(13, 2, 7), tokens(11, 2, 5)
    padded = torch.cat([source, torch.zeros(2, 3, dtype=torch.long)], dim=1)
    assert torch.allclose(model()(padded, target), model()(source, target))


def test_no_logit_depends_on_a_later_token() -> None:
    source, target = tokens(13, 2, 7), tokens(11, 2, 5)
    other = target.clone()
    other[:, 3:] = other[:, 3:] % 10 + 1
    before, after = (model()(source, each) for each in (target, other))
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@pytest.mark.parametrize("norm_first", [True, False])
def test_step_by_step_gives_the_logits_of_one_pass(norm_first: bool) -> None:
    config = TransformerConfig(13, 11, 20, 5, 34, 2, 3, max_len=17, norm_first=norm_first)
    source, target = tokens(13, 2, 7), tokens(11, 2, 5)
    source[1, 4:] = config.pad_id
    with torch.no_grad():
        state, parts = model(config).start(source), []
        for part in target.split([2, 1, 1, 1], dim=1):
            logits, state = model(config).step(part, state)
            parts.append(logits)
        assert torch.allclose(torch.cat(parts, dim=1), model(config)(source, target))
    assert state.length == 5


def test_selected_rows_go_on_as_they_would_have() -> None:
    source, target = tokens(13, 3, 7), tokens(11, 3, 2)
    rows = torch.tensor([2, 0, 2])
    with torch.no_grad():
        _, state = model().step(target, model().start(source))
        following = tokens(11, 3, 1)
        chosen, _ = model().step(following, state.select(rows))
        expected, _ = model().step(
            following, model().step(target[rows], model().start(source[rows]))[1]
        )
    assert torch.allclose(chosen, expected)


def test_a_post_norm_stack_has_no_norm_of_its_own_and_a_pre_norm_one_has() -> None:
    assert not [name for name, _ in model().named_parameters() if ".norm." in name]
    pre_norm = TransformerConfig(13, 11, 20, 5, 34, 2, 3, norm_first=True)
    names = [name for name, _ in model(pre_norm).named_parameters()]
    assert {"encoder.norm.weight", "decoder.norm.weight"} <= set(names)


def test_tokens_and_positions_are_equally_loud() -> None:
    torch.manual_seed(7)
    embedding = Embedding(1009, 64, max_len=211)
    scaled = embedding.tokens.weight * 8
    assert 0.9 < scaled.var().item() < 1.1
    assert 0.4 < embedding.positions.var().item() < 0.6


@pytest.mark.parametrize("start", [0, 9])
def test_too_many_positions_are_refused_with_both_numbers(start: int) -> None:
    rule = f"there must be at most max_len positions, got {start + 18} and max_len=17"
    with pytest.raises(ValueError, match=rule):
        model().target(tokens(11, 2, 18), start=start)
