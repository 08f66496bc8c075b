"""Train the date translator with several seeds, and measure it on what it never saw.

    python benchmarks/dates.py                        prints what is kept in benchmarks/measured
    python benchmarks/dates.py --seeds 0 1 2 --save   trains anew: about three minutes a seed

Saving writes the table, and with seed 0 the weights that the book loads.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from attnbook import dates
from attnbook.alignment import alignment_errors, cross_attention_weights
from attnbook.date_translator import (
    RECIPE,
    exact_match,
    keep_translator,
    train_translator,
)
from attnbook.dates import WrittenDate, draw_dates, split_days, training_forms, unseen_forms
from attnbook.training import shift_right
from attnbook.transformer import Transformer

MEASURED = Path(__file__).parent / "measured" / "dates.json"


def held_out(days: int = 7305) -> list[WrittenDate]:
    """Return dates of held-out days, drawn with replacement, each in a random trained form."""
    return list(draw_dates(split_days()[1], training_forms(), days, seed=1))


def by_pattern(model: Transformer, count: int = 1000) -> dict[str, float]:
    """Return the exact match on each held-out pattern, on held-out days."""
    found = {}
    for pattern in dates.HELD_OUT_PATTERNS:
        forms = [form for form in unseen_forms() if form[1] == pattern]
        found[pattern] = exact_match(model, list(draw_dates(split_days()[1], forms, count, 2)))
    return found


def by_locale(model: Transformer, count: int = 500) -> dict[str, float]:
    """Return the exact match on each held-out language, on held-out days."""
    found = {}
    for locale in dates.HELD_OUT_LOCALES:
        forms = [(locale, pattern) for pattern in dates.PATTERNS]
        found[locale] = exact_match(model, list(draw_dates(split_days()[1], forms, count, 3)))
    return found


def alignment(model: Transformer, count: int = 500) -> dict[str, list[float]]:
    """Return the two alignment errors of each head, and of the mean of all heads."""
    written = list(draw_dates(split_days()[1], training_forms(), count, seed=4))
    source = dates.encode([each.text for each in written])
    fed = shift_right(dates.encode_targets([each.day for each in written]), dates.START)
    weights = cross_attention_weights(model, source, fed)
    heads = {f"head {head}": weights[:, head] for head in range(weights.shape[1])}
    heads["mean of the heads"] = weights.mean(1)
    return {name: _errors(each, written) for name, each in heads.items()}


def _errors(weights: Tensor, written: list[WrittenDate]) -> list[float]:
    pairs = []
    for rows, each in zip(weights, written, strict=True):
        truth = each.alignment()
        pairs.append(alignment_errors(rows[: truth.shape[0], : truth.shape[1]], truth))
    return torch.tensor(pairs).mean(0).tolist()


def measure(seed: int, *, save: bool) -> dict[str, object]:
    """Train with one seed and return what came out."""
    begin = time.process_time()
    model, losses = train_translator(seed=seed)
    seconds = time.process_time() - begin
    if save and seed == 0:
        print("kept", keep_translator(model, losses))
    return {
        "seed": seed,
        "cpu_seconds": round(seconds, 1),
        "last_loss": sum(losses[-100:]) / 100,
        "held_out_days": exact_match(model, held_out()),
        "held_out_patterns": by_pattern(model),
        "held_out_locales": by_locale(model),
        "alignment_errors": alignment(model),
    }


def main() -> None:
    """Print the table that is kept, or measure anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[], help="train with these")
    parser.add_argument("--save", action="store_true", help="keep the table and the weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    table = {"recipe": asdict(RECIPE), "days": len(held_out()), "runs": []}
    if MEASURED.exists() and not (options.seeds and options.save and 0 in options.seeds):
        table = json.loads(MEASURED.read_text(encoding="utf-8"))
    for seed in options.seeds:
        others = [run for run in table["runs"] if run["seed"] != seed]
        table["runs"] = [*others, measure(seed, save=options.save)]
        if options.save:
            MEASURED.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
