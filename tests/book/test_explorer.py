"""The attention explorer in a real browser: by keyboard, by pointer, and without a script.

It is opened from disk twice: alone on a small page that has the book's styles,
and on the chapter's built page.
"""

import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from .figure_page import write_page

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "_build" / "screenshots"
FIGURE = "#attention-explorer"
LIVE = f"{FIGURE}.is-ready"
PLACES = """
[...document.querySelectorAll("#attention-explorer, #attention-explorer *")]
  .map((part) => part.getBoundingClientRect())
  .map(({ x, y, width, height }) => [x, y, width, height].map(Math.round).join())
"""
# The parts of the figure that stick out of it on the right.
TOO_WIDE = """
() => {
  const figure = document.querySelector("#attention-explorer");
  const edge = figure.getBoundingClientRect().right + 1;
  return [...figure.querySelectorAll("table, button, input, label, p")]
    .filter((part) => part.getBoundingClientRect().right > edge)
    .map((part) => part.outerHTML.slice(0, 80));
}
"""
CHAPTER = "attention"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with the figure and the book's styles, in folders like those of the built book."""
    return write_page(tmp_path_factory.mktemp("explorer"), "explorer", "attention", "Attention")


def opened(context: BrowserContext, address: str) -> Page:
    context.set_default_timeout(5000)
    page = context.new_page()
    page.goto(address)
    return page


def weights(page: Page, side: str = "wrong") -> list[list[str]]:
    """Return the numbers of a weight table as shown, the row sum last."""
    return page.eval_on_selector_all(
        f"[data-result=weights-{side}] tbody tr",
        """rows => rows.map(row => [...row.querySelectorAll("td")].map(cell => {
             const shown = cell.cloneNode(true);
             for (const note of shown.querySelectorAll("span")) note.remove();
             return shown.textContent;
           }))""",
    )


def text(page: Page, name: str) -> str:
    return page.inner_text(f"{FIGURE} [data-text={name}]")


def odd_sums(page: Page) -> int:
    return page.locator("[data-result=weights-wrong] .explorer-sum.is-odd").count()


def focused(page: Page) -> str | None:
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the element with this accessible label has the focus."""
    for _ in range(40):
        if focused(page) == label:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key does not reach {label}; it stands at {focused(page)}")


def choose(page: Page, mistake: str) -> None:
    page.get_by_role("radio", name=mistake).check()


def enter_figure(page: Page) -> None:
    page.evaluate("document.querySelector('[data-load=start]').focus()")


def test_it_starts_from_disk_without_a_request_elsewhere_or_a_message_in_the_console(
    browser, address
):
    context = browser.new_context()
    page = context.new_page()
    requests, messages = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on(
        "console",
        lambda message: message.type in {"error", "warning"} and messages.append(message.text),
    )
    page.goto(address)
    page.wait_for_selector(LIVE)
    context.close()
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert messages == []


def test_the_script_changes_no_number_and_moves_nothing_when_it_starts(page, browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.route("**/explorer.js", lambda route: route.fulfill(body=""))
    before = opened(context, address)
    for step in ("scores", "masked", "weights", "output", "gradient"):
        for side in ("correct", "wrong"):
            box = f"[data-result={step}-{side}]"
            assert before.inner_html(box) == page.inner_html(box)
    assert before.evaluate(PLACES) == page.evaluate(PLACES)
    context.close()


def test_without_a_script_the_figure_shows_its_first_state_and_offers_nothing_dead(
    browser, address
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    figure = page.locator(FIGURE)
    expect(figure.locator("table").first).to_be_visible()
    expect(figure.locator("[data-text=cause]")).to_contain_text("The softmax runs down the columns")
    expect(figure.locator("figcaption")).to_contain_text("Where JavaScript runs")
    assert figure.locator("button:visible").count() == 0
    assert figure.locator("input:visible:not([readonly], [disabled])").count() == 0
    context.close()


def test_when_the_script_cannot_load_the_figure_stays_still_and_whole(browser, alone, tmp_path):
    site = shutil.copytree(alone.parents[1], tmp_path / "site")
    (site / "_static" / "explorer" / "explorer.js").unlink()
    context = browser.new_context()
    page = context.new_page()
    page.goto((site / "book" / "attention.html").as_uri())
    expect(page.locator(f"{FIGURE} .explorer-static")).to_be_visible()
    assert page.locator(f"{FIGURE} button:visible").count() == 0
    context.close()


def test_on_paper_the_numbers_stand_without_the_controls(page):
    page.emulate_media(media="print")
    assert page.locator(f"{FIGURE} button:visible").count() == 0
    expect(page.locator("[data-result=weights-wrong] table")).to_be_visible()


def test_with_the_keyboard_alone_a_number_a_mask_cell_and_a_mistake_are_changed(page):
    before = weights(page, "correct")
    enter_figure(page)
    tab_to(page, "q1, number 1")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "q1, number 2"
    page.keyboard.type("3")
    after = weights(page, "correct")
    assert after[0] != before[0]
    assert after[1:] == before[1:]

    tab_to(page, "q1 may see k1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "q2 may see k2"
    page.keyboard.press("Space")
    assert weights(page, "correct")[1][1] == "0"
    page.keyboard.press("Space")

    page.keyboard.press("Shift+Tab")
    enter_figure(page)
    page.keyboard.press("Tab")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    assert text(page, "fault") == "the mask is applied after the softmax"
    assert odd_sums(page) == 3
    assert weights(page)[3] == weights(page, "correct")[3]


def test_each_matrix_is_one_stop_of_the_tab_key(page):
    enter_figure(page)
    tab_to(page, "q1, number 1")
    for label in ("k1, number 1", "v1, number 1", "q1 may see k1"):
        page.keyboard.press("Tab")
        assert focused(page) == label
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "q2 may see k1"


def test_an_arrow_moves_inside_a_number_before_it_leaves_it(page):
    field = page.get_by_label("q1, number 2")
    field.click()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "q1, number 2"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "q1, number 3"


def test_the_element_in_focus_is_outlined(page):
    enter_figure(page)
    for label in ("q1, number 1", "q1 may see k1"):
        tab_to(page, label)
        style = page.evaluate(
            "(({ outlineStyle, outlineWidth }) => [outlineStyle, parseFloat(outlineWidth)])"
            "(getComputedStyle(document.activeElement))"
        )
        assert style[0] == "solid"
        assert style[1] >= 2


def test_with_the_pointer_the_same_is_changed(page):
    page.get_by_label("q1, number 2").fill("3")
    assert weights(page, "correct")[0] != weights(page, "wrong")[0]
    page.get_by_label("q2 may see k2").click()
    assert weights(page, "correct")[1][1] == "0"
    choose(page, "the mask is ignored")
    assert "is ignored" in text(page, "fault")
    assert odd_sums(page) == 0
    assert "of its attention to hidden keys" in text(page, "evidence")


def test_a_number_that_is_none_is_marked_and_the_last_good_one_comes_back(page):
    before = weights(page)
    field = page.get_by_label("k2, number 1")
    field.fill("1.5x")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert weights(page) == before
    field.blur()
    expect(field).to_have_value("-0.8")
    field.fill("−0,8")
    expect(field).to_have_attribute("aria-invalid", "false")
    assert weights(page) == before


def test_what_hides_says_so_and_a_button_loads_an_input_that_exposes_it(page):
    choose(page, "masked scores are set to -1e9")
    assert text(page, "badge").endswith("no difference on this input")
    assert page.locator("[data-result=weights-wrong] .is-changed").count() == 0
    page.get_by_role("button", name="Expose it: ordinary numbers, an empty row").click()
    assert weights(page, "correct")[2] == ["0"] * 6
    assert weights(page)[2] == ["0.200"] * 5 + ["1"]
    assert odd_sums(page) == 1
    page.get_by_role("button", name=re.compile("Hide it")).click()
    assert text(page, "badge").endswith("no difference on this input")


def test_a_gradient_of_nan_shows_where_the_weights_are_right(page):
    choose(page, "adding -inf makes the gradient NaN")
    page.get_by_role("button", name="an empty row", exact=True).click()
    assert weights(page) == weights(page, "correct")
    assert "Only the gradient" in text(page, "badge")
    assert "5 of 20 gradients are NaN" in text(page, "evidence")


def test_swapped_operands_have_rows_for_keys_and_stop_at_the_mask(page):
    choose(page, "query and key are swapped")
    assert "the 4 × 5 mask does not fit 5 × 4 scores" in text(page, "evidence")
    page.get_by_role("button", name="no mask", exact=True).click()
    assert len(weights(page)) == 5
    assert page.locator("[data-load=hide]").is_disabled()


def test_no_mask_differs_from_a_mask_that_shows_all(page):
    choose(page, "the mask is read the wrong way round")
    page.get_by_role("button", name="no mask", exact=True).click()
    assert "no difference" in text(page, "badge")
    page.get_by_role("button", name="all visible", exact=True).click()
    assert weights(page)[0] == ["0"] * 6
    page.get_by_role("button", name="no mask", exact=True).click()
    page.get_by_label("q1 may see k1").uncheck()
    assert weights(page)[0] == ["1", "0", "0", "0", "0", "1"]


def test_the_tally_grows_until_one_input_exposes_every_mistake(page):
    assert text(page, "tally").startswith("This input exposes 11 of 16 mistakes.")
    page.get_by_label("q1 may see k1").uncheck()
    page.get_by_label("q1 may see k2").uncheck()
    assert text(page, "tally").startswith("This input exposes 16 of 16 mistakes.")


def test_one_query_and_one_key_are_followed_through_every_panel(page):
    page.get_by_label("q3 may see k2").focus()
    assert text(page, "trace").startswith("q3 · k2 = 2.110, scaled 1.218, visible: weight 0.564")
    assert page.locator("[data-result=masked-wrong] td.is-linked").inner_text().startswith("1.218")
    assert page.locator("[data-result=output-correct] td.is-linked").count() == 2
    page.locator("[data-result=weights-correct] td[data-row='1'][data-column='0']").hover()
    assert text(page, "trace").startswith("q2 · k1")


def test_reset_brings_the_first_state_back(page):
    first = page.inner_html(".explorer-results")
    choose(page, "scores are not scaled")
    page.get_by_role("button", name="large logits", exact=True).click()
    page.get_by_label("q1 may see k1").uncheck()
    page.get_by_role("button", name="Reset").click()
    assert page.inner_html(".explorer-results") == first.replace(" is-linked", "")
    expect(page.get_by_label("q1 may see k1")).to_be_checked()


def test_a_change_is_announced_once_and_briefly(page):
    page.get_by_role("button", name="an empty row", exact=True).click()
    status = page.locator(f"{FIGURE} [role=status]")
    expect(status).to_contain_text("of 16 mistakes exposed")
    assert len(status.inner_text()) < 200


@pytest.mark.parametrize("width", [1280, 390])
def test_the_inputs_stay_where_they_are_whichever_mistake_is_chosen(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    places = set()
    for mistake in page.get_by_role("radio").all():
        mistake.check()
        for mask in ("no mask", "causal", "an empty row"):
            page.get_by_role("button", name=mask, exact=True).click()
            places.add(
                page.evaluate(
                    "document.querySelector('.explorer-inputs').getBoundingClientRect().top"
                    f" - document.querySelector('{FIGURE}').getBoundingClientRect().top"
                )
            )
    assert max(places) - min(places) < 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_axe_finds_nothing(browser, address, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = opened(context, address)
    page.wait_for_selector(LIVE)
    for mistake in ("softmax over the queries", "query and key are swapped"):
        choose(page, mistake)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TOO_WIDE) == []
        found = Axe().run(page, context={"include": [[FIGURE]]}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.locator(FIGURE).screenshot(path=SCREENSHOTS / f"explorer-{width}-{scheme}.png")
    context.close()


def test_nothing_to_press_is_smaller_than_24_pixels(page):
    sizes = page.eval_on_selector_all(
        f"{FIGURE} :is(button, label, .explorer-inputs input)",
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])",
    )
    assert min(min(size) for size in sizes) >= 24
