"""The theme's style sheet without the names of the two thousand icons that no page shows.

It is what a reader waits for before anything appears, and a third of it is icon names.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

ICON_RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:{1,2}before,?)+)\{content:"[^"]*"\}')
ICON_NAME = re.compile(r"\bfa-[a-z0-9-]+")
BY_SCRIPTS = {"fa-xmark"}
THEME = Path("_static/styles/pydata-sphinx-theme.css")
LEAN = THEME.with_name("theme-lean.css")


def without_icons(styles: str, used: set[str]) -> str:
    """Return a style sheet without the rules of icons that are not used."""

    def keep(rule: re.Match[str]) -> str:
        return rule[0] if used.intersection(ICON_NAME.findall(rule[1])) else ""

    return ICON_RULE.sub(keep, styles)


def write_lean_styles(app: Sphinx, exception: Exception | None) -> None:
    """Handle Sphinx's event build-finished: book/templates links the file written here."""
    html = Path(app.outdir)
    if exception is not None or not (html / THEME).exists():
        return
    pages = (path for path in html.rglob("*.html") if "_static" not in path.parts)
    used = BY_SCRIPTS.union(*(ICON_NAME.findall(path.read_text("utf-8")) for path in pages))
    styles = (html / THEME).read_text("utf-8")
    (html / LEAN).write_text(without_icons(styles, used), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", write_lean_styles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
