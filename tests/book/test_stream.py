"""The figure of the residual stream in a real browser: by keyboard, on a phone, without a script.

It is opened from disk twice: alone on a small page with numbers of a small stack, and on the
chapter's built page.
"""

import json
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from attnbook.depth import draw_tokens, fresh, stream_profile

ASSETS = Path(__file__).parents[2] / "book" / "assets"
FIGURE = "#stream-figure"
LIVE = f"{FIGURE}.is-ready"
TOO_WIDE = """
() => {
  const figure = document.querySelector("#stream-figure");
  const edge = figure.getBoundingClientRect().right + 1;
  return [...figure.querySelectorAll("table, td, th, input, label, p, .stream-bar")]
    .filter((part) => part.getBoundingClientRect().right > edge)
    .map((part) => part.outerHTML.slice(0, 80));
}
"""
CHAPTER = "blocks"

pytestmark = pytest.mark.browser


def small_measurement() -> dict[str, object]:
    stacks = {}
    for kind in ("no residual", "post-norm", "pre-norm"):
        profile = stream_profile(fresh(kind, 2, seed=0), draw_tokens(0, 1)[0])
        numbers = {name: part.tolist() for name, part in profile._asdict().items()}
        dead = numbers | {"similarity": [0.0, 0.9, 1.0], "gradient": [1e-7, 1e-4, 1e-2]}
        stacks[kind] = [numbers, dead]
    return {"steps": [0, 10], "stacks": stacks}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the figure alone, in folders like those of the built book."""
    site = tmp_path_factory.mktemp("stream")
    shutil.copytree(ASSETS / "stream", site / "_static" / "stream")
    page = site / "book" / "blocks.html"
    page.parent.mkdir()
    page.write_text(
        f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stream</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="../_static/stream/stream.css"></head>
<body><main><h1>Blocks</h1>
<figure id="stream-figure" class="stream" aria-labelledby="stream-title" hidden>
<p id="stream-title" class="stream-title">The residual stream by depth</p>
<script type="application/json">{json.dumps(small_measurement())}</script></figure>
<script src="../_static/stream/stream.js" defer></script></main></body></html>""",
        "utf-8",
    )
    return page


def said(page: Page) -> str:
    return page.inner_text(f"{FIGURE} .stream-said")


def test_the_keyboard_chooses_the_stack_and_moves_the_step(page):
    assert said(page).startswith("post-norm, 0 steps")
    page.locator(f"{FIGURE} input[type=radio]:checked").focus()
    page.keyboard.press("ArrowUp")
    assert said(page).startswith("no residual, 0 steps")
    page.locator(f"{FIGURE} input[type=range]").focus()
    page.keyboard.press("End")
    assert not said(page).startswith("no residual, 0 steps")
    assert page.locator(f"{FIGURE} output").inner_text() in {"10", "60"}


def test_there_is_a_row_for_each_block_and_one_for_the_input(page):
    names = page.locator(f"{FIGURE} tbody th").all_inner_texts()
    assert names[-1] == "input"
    assert names[0] == str(len(names) - 1)
    bars = page.locator(f"{FIGURE} tbody tr").first.locator(".stream-bar")
    assert bars.count() == 5


@pytest.mark.parametrize("width", [390, 1280])
def test_bars_of_three_columns_are_drawn_to_one_scale(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    cells = page.locator(f"{FIGURE} tbody tr").first.locator("td")
    widths = [cells.nth(i).evaluate("cell => cell.clientWidth") for i in range(3)]
    assert max(widths) - min(widths) <= 1


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_or_cannot_be_reached(page, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate(TOO_WIDE) == []
    found = Axe().run(page, context=FIGURE)
    assert found.response["violations"] == [], found.generate_report()


def test_without_a_script_the_figure_is_not_shown(browser, alone):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(alone.as_uri())
    expect(page.locator(FIGURE)).to_be_hidden()
    context.close()
