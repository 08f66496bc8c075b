"""Every page of the built book in a real browser: wide and narrow, light and dark.

Each page is visited once per view; the visit records what it saw and the tests
below read the record. With SCREENSHOTS=1 each page's picture is left in _build/screenshots, which
takes a second or two for each.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "_build" / "screenshots"

# What axe finds in the theme and we cannot mend: (rule, part of the element's HTML) → reason.
ALLOWED: dict[tuple[str, str], str] = {}

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class View:
    """One way to look at a page."""

    width: int
    scheme: str
    source: str = "server"

    @property
    def name(self) -> str:
        return f"{self.width}-{self.scheme}" + ("" if self.source == "server" else "-from-disk")


VIEWS = [View(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]
FROM_DISK = View(1280, "light", source="disk")


@dataclass
class Visit:
    """What one visit to one page saw."""

    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


# Runs in the page and returns what the tests need to know, all at once.
FACTS = r"""
() => {
  const article = document.querySelector("article, .bd-search-container");
  const text = article.cloneNode(true);
  for (const part of text.querySelectorAll("pre, code, script, style, .katex")) part.remove();
  const formulas = [...article.querySelectorAll(".math")];
  const cut = (box) => {
    const inner = box.querySelector(".katex").getBoundingClientRect();
    const outer = box.getBoundingClientRect();
    const scrolls = getComputedStyle(box).overflowX === "auto" && box.tabIndex === 0;
    return inner.left < outer.left - 1 || (box.scrollWidth > box.clientWidth && !scrolls);
  };
  const images = [...document.images];
  const families = [...document.fonts].filter((font) => font.status === "loaded");
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g);
  return {
    pageWidth: document.documentElement.scrollWidth,
    textWithoutFormulas: text.textContent,
    formulas: formulas.length,
    unrendered: formulas.filter((formula) => !formula.querySelector(".katex-html")).length,
    formulaErrors: article.querySelectorAll(".katex-error").length,
    cutFormulas: [...article.querySelectorAll("div.math .katex-display")].filter(cut).length,
    fonts: families.map((font) => font.family),
    brokenImages: images.filter((image) => !image.naturalWidth).map((image) => image.src),
    imagesWithoutAlt: images.filter((image) => !image.alt).map((image) => image.src),
    brightness: (Number(red) + Number(green) + Number(blue)) / 765,
  };
}
"""


# A chapter holds seven thousand colored words of code in twenty kinds: one of each is enough for
# axe, which looks at every element's color and is four times as fast without the others.
KEEP_ONE_OF_EACH_KIND_OF_TOKEN = """
() => {
  const seen = new Set();
  for (const token of document.querySelectorAll(".highlight span")) {
    const place = token.closest(".cell_output, .cell_input")?.className;
    const kind = `${place} ${token.parentElement.className} ${token.className}`;
    if (seen.has(kind)) token.replaceWith(...token.childNodes);
    seen.add(kind);
  }
}
"""


class Visitor:
    """Visits pages of the book in one view, in one tab, and remembers each visit."""

    def __init__(self, context: BrowserContext, base: str, view: View) -> None:
        self.base, self.view = base, view
        self.page = context.new_page()
        self.visits: dict[str, Visit] = {}
        self._current = Visit()
        self.page.on("request", self._note_request)
        self.page.on("response", self._note_response)
        self.page.on("pageerror", lambda error: self._current.errors.append(str(error)))
        self.page.on("console", self._note_console)

    def visit(self, name: str) -> Visit:
        if name not in self.visits:
            self.visits[name] = self._current = Visit()
            self.page.goto(f"{self.base}{name}.html", wait_until="load")
            self.page.evaluate("document.fonts.ready.then(() => true)")
            self._current.facts = self.page.evaluate(FACTS)
            if self.view.source == "server":
                if os.environ.get("SCREENSHOTS"):
                    self._take_screenshot(name)
                self.page.evaluate(KEEP_ONE_OF_EACH_KIND_OF_TOKEN)
                # Colors do not depend on the width, and take axe two thirds of its time.
                colors = self.view.width == VIEWS[0].width
                self._current.violations = axe_violations(self.page, colors)
        return self.visits[name]

    def _take_screenshot(self, name: str) -> None:
        path = SCREENSHOTS / f"{name.replace('/', '-')}-{self.view.name}.png"
        self.page.screenshot(path=path, full_page=True)

    def _note_request(self, request: Request) -> None:
        self._current.requests.append(request.url)

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            self._current.failures.append(f"{response.status} {response.url}")

    def _note_console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self._current.errors.append(f"{message.type}: {message.text}")


def axe_violations(page: Page, colors: bool) -> list[str]:
    """Return what axe finds on the page, less what the list above allows."""
    # Its preloading of styles asks for files by a wrong address.
    rules = {"color-contrast": {"enabled": colors}}
    options = {"preload": False, "resultTypes": ["violations"], "rules": rules}
    violations = Axe().run(page, options=options).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['html'][:120]}"
        for violation in violations
        for node in violation["nodes"]
        if not any(violation["id"] == rule and part in node["html"] for rule, part in ALLOWED)
    ]


@pytest.fixture(scope="module")
def open_view(browser: Browser, server: str, html: Path) -> Iterator[Callable[[View], Visitor]]:
    """Return a function that gives the one visitor of a view."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    visitors: dict[View, Visitor] = {}

    def visitor(view: View) -> Visitor:
        if view not in visitors:
            base = server if view.source == "server" else f"{html.as_uri()}/"
            size = {"width": view.width, "height": 860}
            context = browser.new_context(viewport=size, color_scheme=view.scheme)
            visitors[view] = Visitor(context, base, view)
        return visitors[view]

    yield visitor
    for opened in visitors.values():
        opened.page.context.close()


@pytest.fixture(params=[*VIEWS, FROM_DISK], ids=lambda view: view.name)
def visitor(request: pytest.FixtureRequest, open_view: Callable[[View], Visitor]) -> Visitor:
    return open_view(request.param)


@pytest.fixture
def findings(
    visitor: Visitor, documents: list[str]
) -> Callable[[Callable[[Visit], Any]], dict[str, Any]]:
    """Return a function that asks every page's visit for problems: {page: problems}."""
    pages = [*documents, "search", "genindex"]

    def ask(problems: Callable[[Visit], Any]) -> dict[str, Any]:
        answers = {name: problems(visitor.visit(name)) for name in pages}
        return {name: answer for name, answer in answers.items() if answer}

    return ask


@pytest.fixture
def wide(open_view: Callable[[View], Visitor]) -> Iterator[Page]:
    """Yield a fresh tab on a wide screen, for tests that act."""
    page = open_view(VIEWS[0]).page.context.new_page()
    yield page
    page.close()


def test_no_request_leaves_the_page_and_none_fails(findings, visitor):
    local = (visitor.base, "data:", "blob:")
    assert findings(lambda visit: [u for u in visit.requests if not u.startswith(local)]) == {}
    assert findings(lambda visit: visit.failures) == {}


def test_the_console_shows_no_error_and_no_warning(findings):
    assert findings(lambda visit: visit.errors) == {}


def test_every_formula_is_rendered(findings):
    raw = re.compile(r"\$\$|\\[([]|\\[a-z]{3,}\b")
    assert findings(lambda visit: visit.facts["unrendered"]) == {}
    assert findings(lambda visit: visit.facts["formulaErrors"]) == {}
    assert findings(lambda visit: raw.findall(visit.facts["textWithoutFormulas"])) == {}


def test_formulas_are_set_in_their_own_face(findings):
    with_formulas = findings(lambda visit: visit.facts["formulas"])
    assert "book/attention" in with_formulas
    without_face = findings(lambda visit: "KaTeX_Main" not in visit.facts["fonts"])
    assert with_formulas.keys() & without_face.keys() == set()


def test_a_long_formula_scrolls_and_is_never_cut(findings):
    assert findings(lambda visit: visit.facts["cutFormulas"]) == {}


def test_no_page_scrolls_sideways(findings, visitor):
    assert findings(lambda visit: max(0, visit.facts["pageWidth"] - visitor.view.width)) == {}


def test_every_picture_loads_and_says_what_it_shows(findings):
    assert findings(lambda visit: visit.facts["brokenImages"]) == {}
    assert findings(lambda visit: visit.facts["imagesWithoutAlt"]) == {}


def test_pages_are_light_or_dark_as_the_reader_prefers(findings, visitor):
    wanted = range(90, 101) if visitor.view.scheme == "light" else range(21)
    wrong = findings(lambda visit: round(100 * visit.facts["brightness"]) not in wanted)
    assert wrong == {}


def test_axe_finds_nothing_that_is_ours(findings):
    assert findings(lambda visit: visit.violations) == {}


@pytest.mark.parametrize("source", ["server", "disk"])
def test_search_finds_the_chapter_by_a_word_in_it(wide, server, html, source):
    base = server if source == "server" else f"{html.as_uri()}/"
    wide.goto(f"{base}book/index.html")
    wide.keyboard.press("Control+k")
    wide.keyboard.type("softmax")
    wide.keyboard.press("Enter")
    # The list grows one by one: what is asked for need not be its first item.
    wide.wait_for_selector('#search-results ul.search a[href*="book/attention.html"]')


def test_the_first_tab_stop_skips_to_the_text(wide, server):
    wide.goto(f"{server}book/attention.html")
    wide.keyboard.press("Tab")
    assert wide.evaluate("document.activeElement.textContent") == "Skip to main content"
    wide.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")
    wide.keyboard.press("Enter")
    wide.keyboard.press("Tab")
    assert wide.evaluate("document.activeElement.closest('#main-content') !== null")


def test_the_tab_key_alone_reaches_the_text(wide, server):
    wide.goto(f"{server}book/attention.html")
    inside = "document.activeElement.closest('article') !== null"
    for _ in range(60):
        wide.keyboard.press("Tab")
        if wide.evaluate(inside):
            return
    pytest.fail("60 tab stops before the text")
