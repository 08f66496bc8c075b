"""The pages in a real browser: quiet, accessible, and laid out on any screen."""

from __future__ import annotations

import pytest

from autograder.reports import report_path, write_reports

from .crowd import alike, crowd, unnamed_cluster

pytestmark = pytest.mark.browser

SCREENS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture
def pages(sample, submit, tmp_path):
    """Return the addresses of the kinds of pages that there are."""
    nine = [submit(f"l{i}", ("causal_mask", "sees one ahead"), flags=["x"]) for i in range(9)]
    two_sheets = [*nine, submit("m" * 300, stem="heads")]
    write_reports(
        sample.submissions,
        tmp_path / "one",
        isolation="reduced",
        seed=7,
        book_url="../../../book",
        clusters=[unnamed_cluster("dora", "kim"), unnamed_cluster("ada", "x" * 200, cluster="b")],
        similar=[alike("dora", "m" * 300), alike("ada", "")],
    )
    write_reports(two_sheets, tmp_path / "two", isolation="full", seed=7)
    write_reports(crowd(310), tmp_path / "three", isolation="full", seed=7)
    reports = [report_path(name, "attention") for name in ("dora", "kim", "grace", "pat")]
    paths = [
        tmp_path / "one" / "index.html",
        *(tmp_path / "one" / report for report in reports),
        tmp_path / "two" / "index.html",
        tmp_path / "two" / report_path("m" * 300, "heads"),
        tmp_path / "three" / "index.html",
        tmp_path / "three" / "learners" / "attention-2.html",
    ]
    return [path.as_uri() for path in paths]


@pytest.fixture
def tab(browser):
    """Return a function that opens a tab; what goes wrong in any tab fails the test."""
    trouble, tabs = [], []

    def open_tab(width=1280, scheme="light", **options):
        tab = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        tab.on("console", lambda message: trouble.append(message.text))
        tab.on("pageerror", lambda error: trouble.append(str(error)))
        tab.on("request", lambda request: _note_request(request, trouble))
        tabs.append(tab)
        return tab

    yield open_tab
    for tab in tabs:
        tab.close()
    assert trouble == []


def _note_request(request, trouble):
    if not request.is_navigation_request() and not request.url.startswith("data:"):
        trouble.append(f"asks for {request.url}")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(tab, pages, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = tab(width, scheme)
    for address in pages:
        page.goto(address)
        violations = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_two_color_schemes_differ(tab, pages):
    colors = set()
    for scheme in ("light", "dark"):
        page = tab(scheme=scheme)
        page.goto(pages[0])
        colors.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colors) == 2


def test_bars_are_as_high_as_the_counts_over_them_and_stay_in_their_place(tab, pages):
    page = tab()
    page.goto(pages[0])
    bars = page.evaluate(
        """[...document.querySelectorAll('.histogram li')].map(li =>
           [parseInt(li.querySelector('.bar-count').textContent),
            li.querySelector('.bar').getBoundingClientRect().height])"""
    )
    top, highest = page.evaluate(
        """[document.querySelector('.histogram').getBoundingClientRect().top,
            Math.min(...[...document.querySelectorAll('.bar-count')].map(
                one => one.getBoundingClientRect().top))]"""
    )
    assert highest >= top
    unit = max(height for _, height in bars) / max(count for count, _ in bars)
    assert unit > 15
    for count, height in bars:
        assert height == pytest.approx(unit * count, abs=1)


def test_the_report_of_a_learner_is_reached_and_folds_open_by_keyboard(tab, pages):
    page = tab(java_script_enabled=True)
    page.goto(pages[5])
    fold = page.locator("details").first
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert fold.evaluate("one => one.open")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/**")
    assert page.locator("h1").inner_text().startswith("l")


def test_pages_need_no_script(tab, pages):
    page = tab(java_script_enabled=False)
    page.goto(pages[0])
    page.get_by_role("link", name="dora").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "dora"


def test_the_page_prints_dark_on_white_also_from_a_dark_screen(tab, pages):
    page = tab(scheme="dark")
    page.goto(pages[1])
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize("size", [320, 768, 800])
def test_nothing_runs_over_the_edge_of_screens_in_between(tab, pages, size):
    page = tab(size)
    for address in pages:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= size
