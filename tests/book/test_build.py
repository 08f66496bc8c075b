"""The book builds without a warning, again in no time, and its links lead somewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

MIB = 1024 * 1024

pytestmark = pytest.mark.book


class Page(HTMLParser):
    """Collects the anchors of one page and the addresses that it links or loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {name for key in ("id", "name") if (name := values.get(key))}
        if tag != "form":
            self.addresses |= {a for key in ("href", "src") if (a := values.get(key))}


def page_paths(html: Path) -> list[Path]:
    """Return the pages of the book; the theme keeps templates among its static files."""
    return [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]


def broken_links(pages: dict[Path, Page]) -> list[str]:
    """Return 'page → address' for each link inside the book that leads nowhere."""
    broken = []
    for path, page in pages.items():
        for address in sorted(page.addresses):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            lost = target in pages and anchor and anchor not in pages[target].anchors
            if lost or not target.is_file():
                broken.append(f"{path.name} → {address}")
    return broken


def test_the_book_builds_without_a_warning(build):
    assert build.returncode == 0, build.log[-3000:]
    warnings = [line for line in build.log.splitlines() if "WARNING:" in line]
    assert warnings == []


def test_building_again_without_a_change_takes_at_most_fifteen_seconds(html, build_book):
    again = build_book()
    assert again.returncode == 0, again.log[-3000:]
    print(f"\nbuilding again without a change: {again.seconds:.1f} s")
    assert again.seconds <= 15


def test_every_page_of_the_table_of_contents_is_built_and_no_other(html, documents):
    built = {path.relative_to(html).with_suffix("").as_posix() for path in page_paths(html)}
    assert built - {"index", "search", "genindex"} == set(documents)


def test_every_link_inside_the_book_leads_somewhere(html):
    assert broken_links({path: Page(path.read_text()) for path in page_paths(html)}) == []


def test_a_reader_can_download_the_notebook_of_the_chapter(html):
    page = (html / "book" / "attention.html").read_text()
    assert "_sources/book/attention.ipynb" in page
    assert (html / "_sources" / "book" / "attention.ipynb").is_file()


def test_colab_is_offered_the_exercise_sheet_never_markdown(html):
    pages = "".join(path.read_text() for path in page_paths(html))
    offered = set(re.findall(r"https://colab\.[^\"]*", pages))
    assert offered
    assert all(re.search(r"/book/exercises/\w+\.ipynb$", address) for address in offered)


def test_the_size_of_the_book_is_printed_and_bounded(html, build):
    size = sum(path.stat().st_size for path in html.rglob("*") if path.is_file())
    print(f"\nthe book: {size / MIB:.1f} MiB on disk, built in {build.seconds:.0f} s")
    assert size < 40 * MIB
