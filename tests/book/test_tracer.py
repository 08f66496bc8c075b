"""The head tracer in a real browser: by keyboard, by pointer, by touch, and without a script."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .figure_page import write_page

FIGURE = "#head-tracer"
LIVE = f"{FIGURE}.is-ready"
CHAPTER = "multihead"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the figure and the book's styles, in folders like those of the built book."""
    return write_page(tmp_path_factory.mktemp("tracer"), "tracer", "multihead", "Heads")


def press(page: Page, group: str, name: str) -> None:
    chosen = page.locator(FIGURE).get_by_role("group", name=group, exact=True)
    chosen.get_by_role("button", name=name, exact=True).click()


def text(page: Page, name: str) -> str:
    return page.inner_text(f"{FIGURE} [data-text={name}]")


def chosen(page: Page) -> list[str]:
    """Return what the framed cells of the four panels say."""
    return [
        page.locator(f"{FIGURE} [data-part={part}] .is-chosen").inner_text().split()[0]
        for part in ("input", "memory", "heads", "merged")
    ]


def test_the_script_changes_nothing_when_it_starts(page, browser, address):
    context = browser.new_context(java_script_enabled=False)
    before = context.new_page()
    before.goto(address)
    for part in ("input", "memory", "heads", "merged"):
        still = before.inner_html(f"{FIGURE} [data-part={part}]")
        assert still == page.inner_html(f"{FIGURE} [data-part={part}]")
    assert text(before, "trace") == text(page, "trace")
    expect(before.locator(f"{FIGURE} figcaption")).to_contain_text("Where JavaScript runs")
    assert before.locator(f"{FIGURE} .explorer-live:visible").count() == 0
    context.close()


def test_one_element_is_followed_through_every_panel_by_keyboard(page):
    page.focus(f"{FIGURE} button[data-position='1'][data-feature='1']")
    assert chosen(page) == ["b1"] * 4
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert chosen(page) == ["c4"] * 4
    assert page.evaluate("document.activeElement.textContent") == "c4"
    assert text(page, "trace").startswith("c4: position c, feature 4, number 16 in memory")
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    assert chosen(page) == ["d4"] * 4
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.position") is None


def test_and_by_pointer_in_any_panel(page):
    for part, cell in {"heads": "d5", "memory": "a3", "merged": "c0"}.items():
        page.locator(f"{FIGURE} [data-part={part}] [data-position]", has_text=cell).hover()
        assert chosen(page) == [cell] * 4


def test_and_by_touch(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(LIVE)
    page.locator(f"{FIGURE} [data-part=heads] [data-position]", has_text="d5").tap()
    assert chosen(page) == ["d5"] * 4
    context.close()


def test_ways_of_splitting_and_merging_are_judged(page):
    assert text(page, "badge").startswith("✗ Wrong")
    assert "nothing can attend to c and d" in text(page, "facts")
    press(page, "Merge", "not transposed")
    assert "merge(split(x)) = x all the same" in text(page, "badge")
    assert page.locator(f"{FIGURE} [data-away]").count() == 0
    press(page, "Split", "transposed")
    press(page, "Merge", "transposed")
    assert text(page, "badge") == "✓ Right"
    assert page.inner_text(f"{FIGURE} [data-code=split]") == "x.view(1, 4, 2, 3).transpose(1, 2)"
    press(page, "Heads", "1")
    press(page, "Split", "bare view")
    assert text(page, "badge").startswith("✓ The same as transposing")


def test_reset_brings_the_first_state_back(page):
    first = page.inner_html(f"{FIGURE} .tracer-flow")
    press(page, "Heads", "6")
    press(page, "Split", "interleaved")
    page.locator(f"{FIGURE} [data-load]").click()
    assert page.inner_html(f"{FIGURE} .tracer-flow") == first


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_whatever_is_chosen(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    tops = set()
    for split in ("transposed", "bare view", "interleaved"):
        press(page, "Split", split)
        for heads in ("1", "2", "3", "6"):
            press(page, "Heads", heads)
            top = f"document.querySelector('{FIGURE} .tracer-flow').getBoundingClientRect().top"
            frame = f"document.querySelector('{FIGURE}').getBoundingClientRect().top"
            tops.add(page.evaluate(f"{top} - {frame}"))
    assert max(tops) - min(tops) < 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_axe_finds_nothing(browser, address, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(LIVE)
    for heads in ("1", "6"):
        press(page, "Heads", heads)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wide = page.eval_on_selector_all(
            f"{FIGURE} :is(table, button, p, ol)",
            """(all) => all.filter((one) => one.getBoundingClientRect().right
                 > document.querySelector("#head-tracer").getBoundingClientRect().right + 1)
                 .map((one) => one.outerHTML.slice(0, 80))""",
        )
        assert wide == []
        found = Axe().run(page, context={"include": [[FIGURE]]}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    context.close()


def test_nothing_to_press_is_smaller_than_24_pixels(page):
    sizes = page.eval_on_selector_all(
        f"{FIGURE} button",
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])",
    )
    assert min(min(size) for size in sizes) >= 24
