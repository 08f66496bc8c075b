"""Weights that fit are used; what is not kept, or does not fit, is trained anew and kept."""

from types import ModuleType
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from attnbook import date_translator, stream_model
from attnbook.kept_weights import NUM_LOSSES, hash_of, keep, kept_or_trained


class Kept(NamedTuple):
    """A model whose weights are kept: its module, how it is made, its loss, a small recipe."""

    module: ModuleType
    trained: Any
    loss: str
    tiny: object


DATES = date_translator.Recipe(
    d_model=8, num_heads=2, d_ff=8, steps=2, batch_size=2, warmup_steps=1
)
STREAM = stream_model.StreamRecipe(
    d_model=8, d_ff=8, num_layers=1, lengths=(13, 17), batch_sizes=(2, 1),
    first_steps=2, steps=3, warmup_steps=1,
)  # fmt: skip
both = pytest.mark.parametrize(
    "kept",
    [
        Kept(date_translator, date_translator.trained_translator, "date_loss", DATES),
        Kept(stream_model, stream_model.trained_stream_model, "_loss", STREAM),
    ],
    ids=["dates", "stream"],
)


@both
def test_what_is_not_kept_is_trained_and_kept(kept, tmp_path, capsys):
    first = kept.trained(kept.tiny, folder=tmp_path / "weights")
    assert "the model is trained now" in capsys.readouterr().err
    second = kept.trained(kept.tiny, folder=tmp_path / "weights")
    assert capsys.readouterr().err == ""
    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@both
def test_weights_of_another_training_code_are_not_used(kept, tmp_path, capsys, monkeypatch):
    kept.trained(kept.tiny, folder=tmp_path)
    capsys.readouterr()
    loss = getattr(kept.module, kept.loss)
    monkeypatch.setattr(kept.module, kept.loss, lambda *given: 1.01 * loss(*given))
    kept.trained(kept.tiny, folder=tmp_path)
    assert "the model is trained now" in capsys.readouterr().err


def test_kept_weights_are_float16_with_the_first_losses_and_come_back_in_float32(tmp_path):
    made, file, asked = nn.Linear(2, 3), tmp_path / "weights.pt", []
    losses = [4.0, 3.0, 2.0, 1.0]

    def trained(steps: int | None) -> tuple[nn.Linear, list[float]]:
        asked.append(steps)
        return made, losses[:steps]

    keep(made, losses, file)
    kept = torch.load(file, weights_only=True)
    assert kept["first_losses"] == losses[:NUM_LOSSES]
    assert {each.dtype for each in kept["state"].values()} == {torch.float16}
    found = kept_or_trained(file, lambda: nn.Linear(2, 3), trained)
    assert asked == [NUM_LOSSES]
    assert not found.training
    assert torch.equal(found.weight, made.weight.half().float())


def test_a_hash_is_short_and_of_every_line():
    assert len(hash_of(["a", "b"])) == 12
    assert len({hash_of(["a", "b"]), hash_of(["a"]), hash_of(["a", "c"])}) == 3
