"""The head tracer sends every element where torch and the fault models send it.

Its JavaScript runs in node, once for all cases, and is compared with `attnbook.multihead` and
with the wrong ways of splitting and merging that the autograder names.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from attnbook.multihead import merge_heads, split_heads
from autograder.faults import fault_models

from .javascript import answer, generate

TRACER = Path(__file__).parents[2] / "book" / "assets" / "tracer"
MODELS = fault_models("multihead")
SPLIT = {
    "transposed": split_heads,
    "view": MODELS["split_heads"].faulty(["a bare view in place of a transpose"]),
    "interleaved": MODELS["split_heads"].faulty(["the heads are interleaved"]),
}
MERGE = {
    "transposed": merge_heads,
    "view": MODELS["merge_heads"].faulty(["merged without a transpose"]),
    "interleaved": MODELS["merge_heads"].faulty(["the heads are interleaved"]),
}
SIZES = [(4, 6, 1), (4, 6, 2), (4, 6, 3), (4, 6, 6), (5, 21, 3), (7, 10, 2), (1, 4, 2)]
PAIRS = [(split, merge) for split in SPLIT for merge in MERGE]

DRIVER = """
const math = require("./heads.js");
const { START, view } = require("./tracer.js");
const { sizes, pairs } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const number = (size) => ({ position, feature }) => position * size.width + feature;
const runs = sizes.map(([length, width, heads]) => {
  const size = { length, width, heads };
  const split = Object.fromEntries(math.WAYS.map((way) =>
    [way, math.splitHeads(way, size).map((head) => head.map((row) => row.map(number(size))))]));
  const trips = pairs.map(([way, back]) =>
    math.roundTrip(way, back, size).map((row) => row.map(number(size))));
  return { split, trips, home: pairs.map(([way, back]) => math.home(way, back, size)),
    holds: Object.fromEntries(math.WAYS.map((way) => [way, math.holds(way, size)])) };
});
const shown = math.HEADS.flatMap((heads) => pairs.map(([split, merge]) => {
  const { kind, badge, facts, trace, code } = view({ ...START, heads, split, merge });
  return { heads, split, merge, kind, badge, facts, trace, code };
}));
process.stdout.write(JSON.stringify({ runs, shown, length: math.LENGTH, width: math.WIDTH }));
"""


@cache
def in_node() -> dict[str, Any]:
    """Run the tracer's JavaScript on all cases and return what it says."""
    return answer(TRACER, DRIVER, {"sizes": SIZES, "pairs": PAIRS})


def numbered(length: int, width: int) -> Tensor:
    return torch.arange(float(length * width)).reshape(1, length, width)


@pytest.mark.parametrize("way", SPLIT)
def test_every_element_is_in_the_head_where_torch_has_it(way):
    for (length, width, heads), run in zip(SIZES, in_node()["runs"], strict=True):
        expected = SPLIT[way](numbered(length, width), heads)[0]
        assert torch.equal(torch.tensor(run["split"][way]).float(), expected)


@pytest.mark.parametrize(("split", "merge"), PAIRS)
def test_every_element_ends_where_torch_has_it(split, merge):
    at = PAIRS.index((split, merge))
    for (length, width, heads), run in zip(SIZES, in_node()["runs"], strict=True):
        x = numbered(length, width)
        expected = MERGE[merge](SPLIT[split](x, heads))[0]
        assert torch.equal(torch.tensor(run["trips"][at]).float(), expected)
        assert run["home"][at] == (expected == x[0]).sum()


@pytest.mark.parametrize("way", SPLIT)
def test_what_is_said_of_a_head_is_what_torch_finds_in_it(way):
    for (length, width, heads), run in zip(SIZES, in_node()["runs"], strict=True):
        x = numbered(length, width)
        positions, features = SPLIT[way](x // width, heads)[0], SPLIT[way](x % width, heads)[0]
        said = run["holds"][way]
        assert said["positions"] == [head.unique().tolist() for head in positions]
        assert said["features"] == [head.unique().tolist() for head in features]
        in_place = (positions == torch.arange(length)[:, None]).all(-1).sum()
        assert said["rowsInPlace"] == in_place


def test_the_verdict_is_right_exactly_where_splitting_and_merging_are():
    length, width = in_node()["length"], in_node()["width"]
    for shown in in_node()["shown"]:
        x, heads = numbered(length, width), shown["heads"]
        split = SPLIT[shown["split"]](x, heads)
        merged = MERGE[shown["merge"]](split)
        home = torch.equal(merged, x)
        right = home and torch.equal(split, split_heads(x, heads))
        kind = "right" if right else "trap" if home else "wrong"
        assert shown["kind"] == kind, shown
        assert ("all 24 elements are home" in shown["facts"]) == home


def test_two_wrong_ways_undo_each_other_and_are_called_a_trap():
    traps = {(one["split"], one["merge"]) for one in in_node()["shown"] if one["kind"] == "trap"}
    assert {("view", "view"), ("interleaved", "interleaved")} <= traps


def test_the_code_that_is_shown_does_what_is_shown():
    length, width = in_node()["length"], in_node()["width"]
    x = numbered(length, width)
    for shown in in_node()["shown"]:
        heads = eval(shown["code"]["split"], {"x": x})
        assert torch.equal(heads, SPLIT[shown["split"]](x, shown["heads"]))
        merged = eval(shown["code"]["merge"], {"heads": heads})
        assert torch.equal(merged, MERGE[shown["merge"]](heads))


def test_the_page_fragment_is_what_the_generator_writes(tmp_path):
    written = tmp_path / "tracer.md"
    generate(TRACER, written)
    assert written.read_text("utf-8") == (TRACER / "tracer.md").read_text("utf-8"), (
        "run: node book/assets/tracer/generate.js"
    )
