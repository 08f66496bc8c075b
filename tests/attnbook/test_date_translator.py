"""The kept weights fit the code, and read dates."""

import dataclasses

import pytest
import torch

from attnbook import date_translator, dates
from attnbook.date_translator import (
    RECIPE,
    Recipe,
    content_hash,
    exact_match,
    keep_translator,
    train_translator,
    trained_translator,
    translate,
)
from attnbook.kept_weights import WEIGHTS

TINY = Recipe(d_model=8, num_heads=2, d_ff=8, steps=2, batch_size=2, warmup_steps=1)


def test_the_kept_weights_are_named_by_what_determines_them():
    kept = [path.name for path in WEIGHTS.glob("dates-*")]
    assert kept == [f"dates-{content_hash()}.pt"], (
        "the recipe or the data changed: run python benchmarks/dates.py --seeds 0 1 2 --save, "
        "and remove the old file"
    )


def test_the_code_still_trains_as_it_did_when_the_weights_were_made():
    kept = torch.load(WEIGHTS / f"dates-{content_hash()}.pt", weights_only=True)
    again = train_translator(steps=3)[1]
    assert again == pytest.approx(kept["first_losses"], rel=1e-3), (
        "the model's or the training's code changed what it computes: "
        "run python benchmarks/dates.py --seeds 0 1 2 --save"
    )


def test_the_kept_weights_read_days_that_were_held_out():
    forms = dates.training_forms()
    written = list(dates.draw_dates(dates.split_days()[1], forms, 400, seed=9))
    assert exact_match(trained_translator(), written) >= 0.995


def test_another_recipe_seed_or_data_has_another_name(monkeypatch):
    names = {content_hash(), content_hash(seed=1), content_hash(TINY)}
    names.add(content_hash(dataclasses.replace(RECIPE, rate=1e-3)))
    monkeypatch.setattr(dates, "PATTERNS", ("full",))
    names.add(content_hash())
    assert len(names) == 5


def test_keeping_writes_one_file_of_the_name(tmp_path):
    model, losses = train_translator(TINY)
    assert len(losses) == TINY.steps
    file = keep_translator(model, losses, TINY, folder=tmp_path)
    assert file.name == f"dates-{content_hash(TINY)}.pt"


def test_a_fresh_model_does_not_disturb_the_random_numbers():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    date_translator.fresh_translator(TINY)
    assert torch.equal(torch.rand(3), expected)


def test_the_rate_rises_and_falls_to_nothing():
    rates = [RECIPE.rate_at(step) for step in range(1, RECIPE.steps + 1)]
    assert max(rates) == rates[RECIPE.warmup_steps - 1] == RECIPE.rate
    assert rates[-1] == pytest.approx(0, abs=1e-8)


def test_texts_are_translated_in_parts_of_any_size():
    texts = [dates.write(day, "fr", "long").text for day in dates.split_days()[1][:5]]
    model = trained_translator()
    assert translate(model, texts, at_once=2) == translate(model, texts)
