"""The figure of the online softmax: its arithmetic is Python's, and it answers in a browser."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from attnbook.tiled import online_softmax

from .figure_page import write_page
from .javascript import answer, generate

ONLINE = Path(__file__).parents[2] / "book" / "assets" / "online"
FIGURE = "#online-softmax"
SIZES = [1, 3, 5, 12]
ORDERS = ["rising", "falling", "shuffled"]

DRIVER = """
const { SCORES, START, carried, weights, tiles, summary } = require("./online.js");
const sizes = JSON.parse(require("fs").readFileSync(0, "utf8"));
const both = (run) => [run(false), run(true)];
const each = (run) =>
  Object.fromEntries(
    Object.entries(SCORES).map(([order, scores]) => [order, sizes.map((size) => run(scores, size))])
  );
process.stdout.write(JSON.stringify({
  scores: SCORES,
  ends: each((scores, size) => both((forget) => carried(scores, size, forget).pop())),
  weights: each((scores, size) => both((forget) => weights(scores, size, tiles(size), forget))),
  said: [["rising", 0], ["rising", 1], ["rising", 2], ["falling", 4]].map(
    ([order, read]) => summary({ order, size: 3, read })
  ),
}));
"""


@cache
def in_node() -> dict[str, Any]:
    """Run the figure's JavaScript and return what it says."""
    return answer(ONLINE, DRIVER, SIZES)


def scores_in(order: str) -> torch.Tensor:
    return torch.tensor(in_node()["scores"][order], dtype=torch.float64)


def forgetful(scores: torch.Tensor, size: int) -> torch.Tensor:
    """Return the weights of a softmax that never rescales: each tile has its own maximum."""
    largest = scores.cummax(0).values
    ends = torch.arange(len(scores)) // size * size + size - 1
    weights = (scores - largest[ends.clamp(max=len(scores) - 1)]).exp()
    return weights / weights.sum()


# ---------------------------------------------------------------- arithmetic


def test_the_scores_are_those_of_the_chapter():
    rising = torch.linspace(0, 6, 12, dtype=torch.float64)
    shuffle = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    expected = {"rising": rising, "falling": rising.flip(0), "shuffled": rising[shuffle]}
    for order, scores in expected.items():
        torch.testing.assert_close(scores_in(order), scores)


@pytest.mark.parametrize("order", ORDERS)
def test_weights_and_outputs_are_those_of_python(order):
    scores, places = scores_in(order), torch.arange(12.0, dtype=torch.float64)
    for size, weights, ends in zip(
        SIZES, in_node()["weights"][order], in_node()["ends"][order], strict=True
    ):
        expected = online_softmax(scores, size), forgetful(scores, size)
        for mine, wanted, end in zip(weights, expected, ends, strict=True):
            torch.testing.assert_close(torch.tensor(mine, dtype=torch.float64), wanted)
            assert end["gathered"] / end["total"] == pytest.approx((wanted @ places).item())
            assert end["largest"] == scores.max()


def test_forgetting_does_no_harm_where_scores_fall_or_there_is_one_tile():
    ends = in_node()["ends"]
    apart = {
        order: [abs(a["gathered"] / a["total"] - b["gathered"] / b["total"]) for a, b in pairs]
        for order, pairs in ends.items()
    }
    assert max(apart["falling"]) < 1e-12
    assert apart["rising"][SIZES.index(12)] < 1e-12
    assert apart["rising"][SIZES.index(3)] > 3


def test_a_sentence_says_what_the_last_tile_did():
    nothing, first, raised, kept = in_node()["said"]
    assert nothing.startswith("Nothing was read yet")
    assert first.startswith("Tile 1 comes first")
    assert first.endswith("outputs are equal.")
    assert "from 1.091 to 2.727, so both sums are multiplied by 0.195." in raised
    assert raised.endswith("is off by −1.011.")
    assert kept.startswith("Tile 4 brings no larger score")
    assert kept.endswith("outputs are equal.")


def test_the_page_in_the_book_is_what_the_script_writes(tmp_path):
    written = tmp_path / "online.md"
    generate(ONLINE, written)
    assert written.read_text("utf-8") == (ONLINE / "online.md").read_text("utf-8")


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page that has the figure and the book's styles, and nothing else."""
    site = tmp_path_factory.mktemp("online")
    return write_page(site, "online", "efficient", "Cheaper").as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(5000)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(f"{FIGURE}.is-ready")
    yield page
    context.close()


@pytest.mark.browser
def test_the_keyboard_goes_from_tile_to_tile(page):
    said = page.locator(f"{FIGURE} [role=status]")
    page.get_by_label("tiles read").focus()
    page.keyboard.press("Home")
    expect(said).to_contain_text("Nothing was read yet")
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Tile 1 comes first")
    assert page.locator(f"{FIGURE} rect.is-new").count() == 3 * 3
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("off by −1.011")


@pytest.mark.browser
def test_order_and_block_size_can_be_chosen(page):
    page.get_by_label("order of the scores").select_option("falling")
    expect(page.locator(f"{FIGURE} [role=status]")).to_contain_text("outputs are equal")
    page.get_by_label("block size").select_option("5")
    expect(page.locator(f"{FIGURE} [data-part=value]")).to_have_text("3 of 3")
    assert page.locator(f"{FIGURE} rect.is-new").count() == 3 * 2, "the last tile is partial"


@pytest.mark.browser
def test_the_script_draws_what_the_page_arrives_with(page, browser, address):
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(address)
    for part in ("chart", "table", "said"):
        box = f"{FIGURE} [data-part={part}]"
        assert still.inner_html(box) == page.inner_html(box)
    assert still.locator(f"{FIGURE} :is(select, input):visible").count() == 0
    expect(still.locator(f"{FIGURE} .online-static")).to_be_visible()
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_axe_finds_nothing(page, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.reload()
    page.wait_for_selector(f"{FIGURE}.is-ready")
    edge = page.locator(FIGURE).bounding_box()
    parts = page.locator(f"{FIGURE} :is(input, select, table, svg)").all()
    boxes = [box for part in parts if (box := part.bounding_box())]
    assert max(box["x"] + box["width"] for box in boxes) <= edge["x"] + edge["width"] + 1
    found = Axe().run(page, context={"include": [[FIGURE]]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []


@pytest.mark.browser
@pytest.mark.book
def test_it_starts_in_the_chapter(browser, html):
    context = browser.new_context()
    page = context.new_page()
    page.goto((html / "book" / "efficient.html").as_uri())
    page.wait_for_selector(f"{FIGURE}.is-ready")
    context.close()
