"""The attention explorer computes what attnbook and the fault model compute.

Its JavaScript runs in node, once for all cases, and is compared in float64 with
`attnbook.attention` and with every wrong implementation that the autograder names.
"""

import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from attnbook.attention import attention_weights, scaled_dot_product_attention
from attnbook.masks import causal_mask, padding_mask
from autograder.faults import fault_models

from .javascript import answer, generate

EXPLORER = Path(__file__).parents[2] / "book" / "assets" / "explorer"
CORRECT = "correct"
# Its weights are right; what it does to the caller's tensor is not in the figure.
# One matrix of weights does not show these, or shows them as another mistake of the list.
NOT_IN_THE_FIGURE = {
    "an input is changed in place",
    "softmax over axis 1",
    "renormalized after the mask",
    "masked scores are set to the smallest number",
    "a bias of -1e9 is added",
}
MODEL = fault_models("attention")["attention_weights"]
FAULTS = [fault.name for fault in MODEL.faults if fault.name not in NOT_IN_THE_FIGURE]
NAMES = [CORRECT, *FAULTS]
QUERIES, KEYS, D_HEAD, D_VALUE = 5, 7, 3, 2

# Reads {cases}, runs each case through each implementation, and adds what the figure is made of.
DRIVER = """
const math = require("./attention.js");
const { format, view } = require("./explorer.js");
const { cases, numbers } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const implementations = [{ name: "correct", switches: {} }, ...math.FAULTS];
const run = (inputs) => Object.fromEntries(
  implementations.map(({ name, switches }) => [name, math.attend(inputs, switches)]));
const presets = Object.keys(math.NUMBERS).flatMap((numbers) =>
  Object.keys(math.MASKS).map((mask) => ({ numbers, mask })));
const shown = (inputs, fault) => {
  const { seen, exposures, evidence, tally } = view({ ...inputs, fault });
  return { seen, exposures, evidence, tally };
};
const atPreset = ({ numbers, mask }) => {
  const inputs = math.load({ numbers, mask });
  return { numbers, mask, inputs, steps: run(inputs),
    views: math.FAULTS.map(({ name }) => shown(inputs, name)) };
};
const everything = math.load({ numbers: "ordinary", mask: "causal" });
everything.mask[0] = everything.mask[0].map(() => false);
process.stdout.write(JSON.stringify({
  runs: cases.map(run), presets: presets.map(atPreset), faults: math.FAULTS, masks: math.MASKS,
  formatted: numbers.map(format), best: shown(everything, math.FAULTS[0].name),
}, (_, x) => (typeof x === "number" && !Number.isFinite(x) ? String(x) : x)));
"""

NUMBERS = [0, 1, -1, 0.5, -0.1234, 12.345, -123.45, 1234.5, -98765.4, 2e-9, -4e-17, 1e300]


def drawn_inputs(seed: int, mask: str, size: float) -> dict[str, Any]:
    """Return inputs as nested lists; `size` multiplies the queries."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    masks = {
        "none": None,
        "causal": causal_mask(QUERIES, KEYS).tolist(),
        "random with an empty row": (draw(QUERIES, KEYS) > -0.3)
        .index_fill(0, torch.tensor([2]), value=False)
        .tolist(),
        "one key hidden from all": padding_mask(torch.tensor([KEYS - 1]), KEYS)[0, 0]
        .expand(QUERIES, KEYS)
        .tolist(),
    }
    return {
        "query": (size * draw(QUERIES, D_HEAD)).tolist(),
        "key": draw(KEYS, D_HEAD).tolist(),
        "value": draw(KEYS, D_VALUE).tolist(),
        "mask": masks[mask],
    }


MASKS = ["none", "causal", "random with an empty row", "one key hidden from all"]
CASES = [
    drawn_inputs(seed, mask, size) for seed in range(3) for mask in MASKS for size in (1.0, 500.0)
]


@cache
def in_node() -> dict[str, Any]:
    """Run the explorer's JavaScript on all cases and return what it says."""
    return answer(EXPLORER, DRIVER, {"cases": CASES, "numbers": NUMBERS})


def as_tensor(matrix: list[list[float | str]]) -> Tensor:
    numbers = [[float(str(x)) for x in row] for row in matrix]
    return torch.tensor(numbers, dtype=torch.float64)


def in_torch(name: str, case: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return weights, output, and the gradients of the summed output by query and key."""
    query, key, value = (as_tensor(case[part]) for part in ("query", "key", "value"))
    query.requires_grad_()
    key.requires_grad_()
    mask = None if case["mask"] is None else torch.tensor(case["mask"])
    if name == CORRECT:
        weights = attention_weights(query, key, mask)
        output = scaled_dot_product_attention(query, key, value, mask)
    else:
        weights = MODEL.faulty([name])(query, key, mask)
        output = weights @ value
    gradients = torch.autograd.grad(output.sum(), (query, key))
    return weights.detach(), output.detach(), *gradients


def assert_same(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12, equal_nan=True)


def test_the_explorer_offers_the_mistakes_of_the_fault_model_in_its_order():
    assert [fault["name"] for fault in in_node()["faults"]] == FAULTS


@pytest.mark.parametrize("name", NAMES)
def test_weights_output_and_gradients_are_those_of_torch(name):
    for case, run in zip(CASES, in_node()["runs"], strict=True):
        steps = run[name]
        try:
            weights, output, by_query, by_key = in_torch(name, case)
        except RuntimeError:
            assert name == "query and key are swapped"
            assert steps["output"] is None
            continue
        assert steps["error"] == ""
        assert_same(as_tensor(steps["weights"]), weights)
        assert_same(as_tensor(steps["output"]), output)
        # The gradient shown is by each product q · k: query and key follow by the chain rule.
        gradient = as_tensor(steps["gradient"])
        assert_same(gradient @ as_tensor(case["key"]), by_query)
        assert_same(gradient.T @ as_tensor(case["query"]), by_key)


def test_swapped_weights_without_a_mask_are_those_of_torch_although_no_output_follows():
    name = "query and key are swapped"
    query, key = as_tensor(CASES[0]["query"]), as_tensor(CASES[0]["key"])
    steps = in_node()["runs"][0][name]
    assert_same(as_tensor(steps["weights"]), MODEL.faulty([name])(query, key))
    assert steps["error"] == f"{KEYS} × {QUERIES} weights do not fit {KEYS} × {D_VALUE} values"


def test_the_ready_made_masks_are_those_of_attnbook():
    masks = in_node()["masks"]
    assert masks["no mask"] is None
    assert masks["causal"] == causal_mask(4, 5).tolist()
    assert masks["padding"] == padding_mask(torch.tensor([4]), 5)[0, 0].expand(4, 5).tolist()


def torch_sees(name: str, inputs: dict[str, Any]) -> str:
    """Say where torch shows a mistake on some inputs: weights, gradient or nowhere."""
    right = in_torch(CORRECT, inputs)
    try:
        wrong = in_torch(name, inputs)
    except RuntimeError:
        return "weights"

    def same(first: Tensor, second: Tensor) -> bool:
        return torch.allclose(first, second, rtol=1e-6, atol=1e-6, equal_nan=True)

    if not all(map(same, right[:2], wrong[:2])):
        return "weights"
    # A query of zeros hides a gradient by the key, and the other way round: both must agree.
    return "nowhere" if all(map(same, right[2:], wrong[2:])) else "gradient"


def test_the_marks_say_what_torch_sees_on_every_ready_made_input():
    for preset in in_node()["presets"]:
        marks = preset["views"][0]["exposures"]
        seen = [torch_sees(name, preset["inputs"]) for name in FAULTS]
        assert marks == seen, (preset["numbers"], preset["mask"])


def preset_of(wanted: dict[str, str]) -> dict[str, Any]:
    found = [
        preset
        for preset in in_node()["presets"]
        if (preset["numbers"], preset["mask"]) == (wanted["numbers"], wanted["mask"])
    ]
    return found[0]


@pytest.mark.parametrize("position", range(len(FAULTS)), ids=FAULTS)
def test_each_mistake_shows_on_the_input_that_exposes_it_and_hides_on_the_other(position):
    fault = in_node()["faults"][position]
    exposed = preset_of(fault["exposedBy"])["views"][position]
    assert exposed["seen"] == (
        "gradient" if fault["name"] == "adding -inf makes the gradient NaN" else "weights"
    )
    assert exposed["evidence"]
    if fault["hiddenBy"] is None:
        assert all(
            preset["views"][position]["seen"] == "weights" for preset in in_node()["presets"]
        )
    else:
        assert preset_of(fault["hiddenBy"])["views"][position]["seen"] != "weights"


def test_one_input_exposes_every_mistake():
    best = in_node()["best"]
    assert "nowhere" not in best["exposures"]
    assert best["tally"].endswith("Nothing hides from it: a good test.")


def test_a_formatted_number_is_short_and_looks_exact_only_when_it_is():
    formatted = in_node()["formatted"]
    assert formatted == [
        "0", "1", "−1", "0.500", "−0.123", "12.35", "−123.5", "1235", "−1e5", "2e−9", "≈0", "1e300",
    ]  # fmt: skip
    assert math.isclose(float(formatted[9].replace("−", "-")), NUMBERS[9])


def test_the_page_fragment_is_what_the_generator_writes(tmp_path):
    written = tmp_path / "explorer.md"
    generate(EXPLORER, written)
    assert written.read_text("utf-8") == (EXPLORER / "explorer.md").read_text("utf-8"), (
        "run: node book/assets/explorer/generate.js"
    )
