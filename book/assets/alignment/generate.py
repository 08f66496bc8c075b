"""Write alignment.md: what the date translator looks at, on some dates that it never saw.

The first date is also written as a table, which is what a reader without JavaScript or on
paper sees. Run after a change: python book/assets/alignment/generate.py
"""

from __future__ import annotations

import html
import json
import sys
from datetime import date
from pathlib import Path
from string import Template
from typing import TypedDict

import torch
from torch import Tensor

from attnbook import dates
from attnbook.alignment import cross_attention_weights
from attnbook.date_translator import trained_translator, translate
from attnbook.training import shift_right
from attnbook.transformer import Transformer

HERE = Path(__file__).parent
SIGNS = "0123456789abcdefghijklmnopqrstuvwxyz"
# What kind of date, its language, its form, and which of the held-out days.
CHOSEN = (
    ("Danish", "da", "full", 0),
    ("English", "en", "yMEd", 3),
    ("French", "fr", "full", 5),
    ("German", "de", "medium", 7),
    ("Hungarian", "hu", "yMMMEd", 11),
    ("Japanese", "ja", "yMMMEd", 13),
    ("Latvian", "lv", "full", 17),
    ("Russian", "ru", "GyMMMd", 19),
    ("Vietnamese", "vi", "full", 23),
    ("Slovak, never trained", "sk", "full", 29),
    ("Georgian, never trained", "ka", "full", 31),
)


class Example(TypedDict):
    """What the figure knows of one date; each weight is one sign, from 0 to z."""

    label: str
    source: str
    output: str
    right: str
    truth: list[str]
    heads: dict[str, list[str]]


def written_dates() -> list[tuple[str, dates.WrittenDate]]:
    """Return the dates with what the reader chooses them by."""
    days = dates.split_days()[1]
    return [
        (name, dates.write(days[number], locale, pattern))
        for name, locale, pattern, number in CHOSEN
    ]


def example(model: Transformer, name: str, written: dates.WrittenDate) -> Example:
    """Return what the figure knows of one date."""
    source = dates.encode([written.text])
    [output] = translate(model, [written.text])
    fed = shift_right(dates.encode_targets([date.fromisoformat(output)]), dates.START)
    weights = cross_attention_weights(model, source, fed)[0, :, : len(output)]
    heads = {"the mean of the heads": weights.mean(0)}
    heads |= {f"head {number}": head for number, head in enumerate(weights, start=1)}
    return {
        "label": f"{name}: {written.text}",
        "source": written.text,
        "output": output,
        "right": written.day.isoformat(),
        "truth": ["".join(map(str, row)) for row in written.alignment().int().tolist()],
        "heads": {head: [_signs(row) for row in rows] for head, rows in heads.items()},
    }


def _signs(row: Tensor) -> str:
    return "".join(SIGNS[level] for level in (row * 35).round().int().tolist())


def static_table(shown: Example) -> str:
    """Return the weights of one date as a table, in hundredths; a frame marks what decides."""
    letters = "".join(f'<th scope="col">{html.escape(sign)}</th>' for sign in shown["source"])
    rows = shown["heads"]["the mean of the heads"]
    lines = [f"<thead><tr><td></td>{letters}</tr></thead>", "<tbody>"]
    for sign, row, decides in zip(shown["output"], rows, shown["truth"], strict=True):
        cells = ""
        for weight, decisive in zip(row, decides, strict=True):
            share = round(100 * SIGNS.index(weight) / 35)
            mark = ' class="is-truth"' if decisive == "1" else ""
            cells += f"<td{mark}>{share or ''}</td>"
        lines.append(f'<tr><th scope="row">{sign}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody>"])


def fragment(examples: list[Example]) -> str:
    """Return the figure."""
    dated = "".join(f"<option>{html.escape(each['label'])}</option>" for each in examples)
    named = "".join(f"<option>{name}</option>" for name in examples[0]["heads"])
    data = json.dumps(examples, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    template = Template((HERE / "figure.template").read_text(encoding="utf-8").rstrip())
    return template.substitute(
        dated=dated, named=named, table=static_table(examples[0]), data=data, count=len(examples)
    )


def page(model: Transformer) -> str:
    """Return the whole file."""
    shown = fragment([example(model, *each) for each in written_dates()])
    head = "<!-- Written by generate.py. Change that file, then run it. -->"
    return f"{head}\n\n(alignment-explorer)=\n\n```{{raw}} html\n{shown}\n```\n"


if __name__ == "__main__":
    torch.set_num_threads(1)
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "alignment.md"
    target.write_text(page(trained_translator()), encoding="utf-8")
