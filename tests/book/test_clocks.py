"""The clocks of positions: their arithmetic is attnbook's, and they answer in a real browser."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from attnbook.positions import apply_rope, sinusoidal_encoding

from .javascript import answer, generate

ASSETS = Path(__file__).parents[2] / "book" / "assets"
CLOCKS = ASSETS / "clocks"
FIGURE = "#position-clocks"
PLACES = [(0, 0), (12, 7), (7, 12), (63, 0), (22, 17), (40, 41)]

DRIVER = """
const clocks = require("./clocks.js");
const places = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  width: clocks.WIDTH, query: clocks.QUERY, key: clocks.KEY,
  encodings: places.map(([i]) => clocks.encoding(i)),
  turned: places.map(([i]) => clocks.turned(clocks.QUERY, i)),
  scores: places.map(([i, j]) => clocks.scores(i, j)),
  moves: [
    clocks.moved({ i: 12, j: 7, together: true }, "i", 20),
    clocks.moved({ i: 12, j: 7, together: true }, "j", 63),
    clocks.moved({ i: 12, j: 7, together: true }, "i", 0),
    clocks.moved({ i: 12, j: 7, together: false }, "j", 30),
  ].map(({ i, j }) => [i, j]),
}));
"""


@cache
def in_node() -> dict[str, Any]:
    """Run the figure's JavaScript on all places and return what it says."""
    return answer(CLOCKS, DRIVER, PLACES)


def as_tensor(numbers: list[Any]) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


# ---------------------------------------------------------------- arithmetic


def test_encodings_and_turned_queries_are_those_of_attnbook():
    said, at = in_node(), torch.tensor([i for i, _ in PLACES])
    rows = sinusoidal_encoding(64, said["width"])[at].double()
    torch.testing.assert_close(as_tensor(said["encodings"]), rows, rtol=0, atol=1e-7)
    query = as_tensor(said["query"]).expand(len(at), -1)
    turned = apply_rope(query, at)
    torch.testing.assert_close(as_tensor(said["turned"]), turned, rtol=1e-12, atol=1e-12)


def test_the_three_scores_are_those_of_attnbook():
    said = in_node()
    rows = sinusoidal_encoding(64, said["width"]).double()
    query, key = as_tensor(said["query"])[None], as_tensor(said["key"])[None]
    for (i, j), scores in zip(PLACES, said["scores"], strict=True):
        turned = apply_rope(query, torch.tensor([i])) @ apply_rope(key, torch.tensor([j])).T
        assert scores["rope"] == pytest.approx(turned.item(), abs=1e-12)
        assert scores["kernel"] == pytest.approx((rows[i] @ rows[j]).item(), abs=1e-5)
        added = (query[0] + rows[i]) @ (key[0] + rows[j])
        assert scores["added"] == pytest.approx(added.item(), abs=1e-5)


def test_moving_both_changes_the_added_score_alone():
    here, later = (in_node()["scores"][PLACES.index(place)] for place in ((12, 7), (22, 17)))
    assert here["rope"] == pytest.approx(later["rope"], abs=1e-12)
    assert here["kernel"] == pytest.approx(later["kernel"], abs=1e-12)
    assert abs(here["added"] - later["added"]) > 0.5


def test_both_move_until_one_of_them_reaches_an_end():
    assert in_node()["moves"] == [[20, 15], [63, 58], [5, 0], [12, 30]]


def test_the_page_in_the_book_is_what_the_script_writes(tmp_path):
    written = tmp_path / "clocks.md"
    generate(CLOCKS, written)
    assert written.read_text("utf-8") == (CLOCKS / "clocks.md").read_text("utf-8")


# ---------------------------------------------------------------- in the book


@pytest.fixture
def page(browser: Browser, html: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(5000)
    page = context.new_page()
    page.goto((html / "book" / "positions.html").as_uri())
    page.wait_for_selector(f"{FIGURE}.is-ready")
    yield page
    context.close()


def said(page: Page, score: str) -> str:
    return page.inner_text(f"{FIGURE} [data-score={score}] td:last-child")


@pytest.mark.browser
def test_with_the_keyboard_both_move_and_only_the_added_score_changes(page):
    page.get_by_label("query position i").focus()
    page.keyboard.press("ArrowRight")
    assert page.inner_text(f"{FIGURE} [data-part=value-i]") == "13"
    assert page.inner_text(f"{FIGURE} [data-part=value-j]") == "8"
    assert said(page, "rope") == said(page, "kernel") == "= unchanged"
    assert said(page, "added") != "= unchanged"
    expect(page.locator(f"{FIGURE} [role=status]")).to_contain_text("Query at 13, key at 8.")


@pytest.mark.browser
def test_another_distance_changes_every_score_and_reset_brings_the_first_back(page):
    first = page.inner_html(f"{FIGURE} [data-part=dials]")
    page.get_by_label("keep the distance: move both").uncheck()
    page.get_by_label("key position j").fill("30")
    for score in ("kernel", "rope", "added"):
        assert said(page, score) != "= unchanged"
    page.get_by_role("button", name="Reset").click()
    assert page.inner_html(f"{FIGURE} [data-part=dials]") == first
    expect(page.get_by_label("keep the distance: move both")).to_be_checked()


@pytest.mark.browser
def test_the_script_draws_what_the_page_arrives_with(page, browser, html):
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto((html / "book" / "positions.html").as_uri())
    for part in ("dials", "table", "chart"):
        box = f"{FIGURE} [data-part={part}]"
        assert still.inner_html(box) == page.inner_html(box)
    assert still.locator(f"{FIGURE} :is(button, input):visible").count() == 0
    expect(still.locator(f"{FIGURE} .clocks-static")).to_be_visible()
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_axe_finds_nothing(browser, html, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto((html / "book" / "positions.html").as_uri())
    page.wait_for_selector(f"{FIGURE}.is-ready")
    edge = page.locator(FIGURE).bounding_box()
    parts = page.locator(f"{FIGURE} :is(input, table, svg, button)").all()
    boxes = [box for part in parts if (box := part.bounding_box())]
    assert max(box["x"] + box["width"] for box in boxes) <= edge["x"] + edge["width"] + 1
    found = Axe().run(page, context={"include": [[FIGURE]]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    context.close()
