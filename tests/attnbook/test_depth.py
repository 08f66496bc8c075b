"""Deep stacks, what is measured of them, and the table that was measured by hand."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from attnbook.blocks import EncoderBlock
from attnbook.depth import (
    BATCH,
    KINDS,
    LENGTH,
    NUM_TOKENS,
    BlockWithoutResidual,
    Kind,
    draw_tokens,
    final_losses,
    fresh,
    stream_profile,
)

MEASURED = Path(__file__).parents[2] / "benchmarks" / "measured" / "depth.json"
each_kind = pytest.mark.parametrize("kind", KINDS)


def trained_alone(kind: Kind, seed: int, rate: float, num_steps: int, warmup_steps: int) -> float:
    """Train one model in the plain way, and return the mean loss of the last ten steps."""
    model, losses = fresh(kind, 2, seed), []
    optimizer = torch.optim.Adam(model.parameters())
    for step, tokens in enumerate(draw_tokens(seed, num_steps), start=1):
        optimizer.param_groups[0]["lr"] = rate * min(1, step / max(1, warmup_steps))
        optimizer.zero_grad()
        loss = model(tokens)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses[-10:]) / 10


@each_kind
@pytest.mark.parametrize("warmup_steps", [0, 5])
def test_models_that_are_trained_side_by_side_do_as_each_does_alone(
    kind: Kind, warmup_steps: int
) -> None:
    together = final_losses(kind, 2, [3, 5], rate=1e-3, num_steps=12, warmup_steps=warmup_steps)
    alone = [trained_alone(kind, seed, 1e-3, 12, warmup_steps) for seed in (3, 5)]
    torch.testing.assert_close(together, torch.tensor(alone), rtol=1e-4, atol=1e-4)


def test_a_block_without_residual_is_a_pre_norm_block_less_what_came_in() -> None:
    torch.manual_seed(0)
    block = BlockWithoutResidual(12, 3, 17)
    other = EncoderBlock(12, 3, 17, norm_first=True)
    other.load_state_dict(block.state_dict())
    x = torch.randn(2, 5, 12)
    nothing = nn.Linear(12, 12)
    nn.init.zeros_(nothing.weight)
    nn.init.zeros_(nothing.bias)
    block.attention.output_proj = other.attention.output_proj = nothing
    # With an attention that adds nothing the streams are 0 and x: what is added to them differs.
    torch.testing.assert_close(block(x), other.feed_forward(other.feed_forward_norm(0 * x)))
    torch.testing.assert_close(other(x) - x, other.feed_forward(other.feed_forward_norm(x)))


def test_an_untrained_model_knows_nothing_and_batches_follow_from_the_seed() -> None:
    tokens = draw_tokens(1, 2)
    assert tokens.shape == (2, BATCH, LENGTH)
    assert torch.equal(tokens, draw_tokens(1, 2))
    assert not torch.equal(tokens, draw_tokens(2, 2))
    assert fresh("pre-norm", 2, seed=1)(tokens[0]).item() == pytest.approx(
        torch.tensor(float(NUM_TOKENS)).log().item(), abs=0.5
    )


@each_kind
def test_the_profile_has_an_element_for_each_place_or_block(kind: Kind) -> None:
    profile = stream_profile(fresh(kind, 3, seed=1), draw_tokens(1, 1)[0])
    assert [len(part) for part in profile] == [4, 3, 3, 4, 4]
    assert all(part.isfinite().all() for part in profile)


def test_the_stream_of_a_pre_norm_model_is_the_sum_of_what_was_added() -> None:
    model, (tokens,) = fresh("pre-norm", 2, seed=1), draw_tokens(1, 1)
    made: list[Tensor] = []
    for block in model.blocks:
        for sublayer in (block.attention, block.feed_forward):
            sublayer.register_forward_hook(lambda *seen: made.append(seen[2]))
    first, *_, last = model.states(tokens)
    torch.testing.assert_close(first + sum(made), last)
    sizes = [part.square().mean().sqrt() for part in made]
    profile = stream_profile(model, tokens)
    torch.testing.assert_close(profile.attention, torch.stack(sizes[0::2]))
    torch.testing.assert_close(profile.feed_forward, torch.stack(sizes[1::2]))
    torch.testing.assert_close(profile.size[-1], last.square().mean().sqrt())


def test_positions_that_say_the_same_have_a_similarity_of_1() -> None:
    model, (tokens,) = fresh("pre-norm", 1, seed=1), draw_tokens(1, 1)
    with torch.no_grad():
        model.places.weight.copy_(model.places.weight[:1].expand(LENGTH, -1))
    same = tokens[:, :1].expand(-1, LENGTH)
    torch.testing.assert_close(stream_profile(model, same).similarity, torch.ones(2))
    assert stream_profile(model, tokens).similarity[0] < 1


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "num_layers"), [("pre-norm", 2), ("no residual", 4)])
def test_the_table_that_was_measured_by_hand_still_comes_out(kind: Kind, num_layers: int) -> None:
    measured = json.loads(MEASURED.read_text())
    cells = [
        cell
        for cell in measured["cells"]
        if (cell["kind"], cell["num_layers"], cell["rate"]) == (kind, num_layers, 3e-3)
    ]
    assert len(cells) == 2
    for cell in cells:
        losses = final_losses(
            kind,
            num_layers,
            range(len(cell["losses"])),
            rate=cell["rate"],
            num_steps=measured["num_steps"],
            warmup_steps=cell["warmup_steps"],
        )
        # On the machine that measured it the digits are the same; another rounds otherwise.
        torch.testing.assert_close(losses, torch.tensor(cell["losses"]), rtol=0, atol=2e-3)
