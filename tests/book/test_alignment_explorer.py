"""The alignment explorer: its data are the model's, and it works by keyboard, pointer and without.

It is opened from disk twice: alone on a small page that has the book's styles,
and on the chapter's built page.
"""

import json
import re
import runpy
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .figure_page import write_page

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "book" / "assets"
FRAGMENT = ASSETS / "alignment" / "alignment.md"
SCREENSHOTS = ROOT / "_build" / "screenshots"
FIGURE = "#alignment-explorer"
LIVE = f"{FIGURE}.is-ready"
CHAPTER = "encoder_decoder"


def data_of(text: str) -> list[dict]:
    return json.loads(re.search(r'application/json">(.*?)</script>', text, re.DOTALL)[1])


def test_the_figure_shows_what_the_kept_model_does():
    generate = runpy.run_path(str(ASSETS / "alignment" / "generate.py"))
    written = generate["page"](generate["trained_translator"]())
    kept = FRAGMENT.read_text("utf-8")
    hint = "run: python book/assets/alignment/generate.py"
    assert len(written) == len(kept), hint
    for new, old in zip(data_of(written), data_of(kept), strict=True):
        for part in ("label", "source", "output", "right", "truth"):
            assert new[part] == old[part], hint
        for head, rows in new["heads"].items():
            # Another machine may round a weight to the level beside.
            levels = [
                abs(int(a, 36) - int(b, 36))
                for row, other in zip(rows, old["heads"][head], strict=True)
                for a, b in zip(row, other, strict=True)
            ]
            assert max(levels) <= 1, hint


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the figure and the book's styles, in folders like those of the built book."""
    return write_page(tmp_path_factory.mktemp("alignment"), "alignment", "encoder_decoder", "Dates")


def says(page: Page) -> str:
    return page.inner_text(f"{FIGURE} [data-text=says]")


@pytest.mark.browser
def test_it_starts_from_disk_without_a_message_in_the_console(browser, address):
    context = browser.new_context()
    page = context.new_page()
    requests, messages = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(address)
    page.wait_for_selector(LIVE)
    context.close()
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert messages == []


@pytest.mark.browser
def test_the_arrow_keys_move_along_the_output(page):
    page.locator(f"{FIGURE} [role=radio]").nth(5).focus()
    assert says(page).startswith("Character 6 of the output")
    page.keyboard.press("ArrowRight")
    assert says(page).startswith("Character 7 of the output")
    page.keyboard.press("End")
    assert says(page).startswith("Character 10 of the output")
    page.keyboard.press("ArrowRight")
    assert says(page).startswith("Character 1 of the output")
    assert page.locator(f"{FIGURE} [role=radio][tabindex='0']").count() == 1


@pytest.mark.browser
def test_each_date_and_head_shows_its_own_weights(page):
    for number, example in enumerate(data_of(FRAGMENT.read_text("utf-8"))):
        page.locator("[data-pick=date]").select_option(index=number)
        shown = page.locator(f"{FIGURE} .alignment-target").inner_text()
        assert shown.replace("\n", "") == example["output"]
        page.locator("[data-pick=head]").select_option("head 2")
        page.locator(f"{FIGURE} [role=radio]").nth(9).click()
        bars = page.eval_on_selector_all(
            f"{FIGURE} .alignment-source > span",
            "all => all.map(one => Number(one.style.getPropertyValue('--weight')))",
        )
        expected = [int(sign, 36) / 35 for sign in example["heads"]["head 2"][9]]
        assert bars == pytest.approx(expected)
        marked = page.eval_on_selector_all(
            f"{FIGURE} .alignment-source > span",
            "all => all.map(one => Number(one.classList.contains('is-truth'))).join('')",
        )
        assert marked == example["truth"][9]


@pytest.mark.browser
def test_a_mistake_of_the_model_is_struck_out_and_said(page):
    page.locator("[data-pick=date]").select_option(index=10)
    wrong = page.locator(f"{FIGURE} .is-wrong")
    assert wrong.count() > 0
    wrong.first.click()
    assert "wrong: it should be" in says(page)


@pytest.mark.browser
def test_without_a_script_a_table_shows_the_first_date(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.locator(f"{FIGURE} table")).to_be_visible()
    expect(page.locator(f"{FIGURE} figcaption")).to_contain_text("Where JavaScript runs")
    assert page.locator(f"{FIGURE} :is(button, select):visible").count() == 0
    context.close()


@pytest.mark.browser
def test_when_the_script_cannot_load_the_table_is_shown(browser, alone, tmp_path):
    site = shutil.copytree(alone.parents[1], tmp_path / "site")
    (site / "_static" / "alignment" / "alignment.js").unlink()
    context = browser.new_context()
    page = context.new_page()
    page.goto((site / "book" / "encoder_decoder.html").as_uri())
    expect(page.locator(f"{FIGURE} table")).to_be_visible()
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_axe_finds_nothing(browser, address, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(LIVE)
    for number in (0, 10):
        page.locator("[data-pick=date]").select_option(index=number)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, context={"include": [[FIGURE]]}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.locator(FIGURE).screenshot(path=SCREENSHOTS / f"alignment-{width}-{scheme}.png")
    context.close()


@pytest.mark.browser
def test_nothing_to_press_is_smaller_than_24_pixels(page):
    sizes = page.eval_on_selector_all(
        f"{FIGURE} :is(button, select)",
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])",
    )
    assert min(min(size) for size in sizes) >= 24
