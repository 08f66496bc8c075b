"""The theme's style sheet without the rules for classes that no page and no script names.

A reader waits for it before anything appears, and a phone matches every rule against
every element: three quarters of the theme's rules are for things this book does not have.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import tinycss2
from sphinx.application import Sphinx
from tinycss2.ast import Node

CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
CLASS_ATTRIBUTE = re.compile(r'class="([^"]*)"')
# What stands in these may be absent and the selector match all the same.
OPTIONAL = re.compile(r":(?:not|is|where|has)\([^()]*(?:\([^()]*\)[^()]*)*\)")
COMMA = re.compile(r",(?![^(\[]*[)\]])")
WORD = re.compile(r"[A-Za-z_][\w-]*")
NESTING = ("layer", "media", "supports")
THEME = Path("_static/styles/pydata-sphinx-theme.css")
LEAN = THEME.with_name("theme-lean.css")
# Maps and the two thousand icons that lean_pages leaves out: they name every icon class.
NOT_LOADED = ("fontawesome.js",)


def lean(rules: Iterable[Node], names: set[str]) -> str:
    """Return the style rules that can match something that bears one of ``names``."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = COMMA.split(tinycss2.serialize(rule.prelude))
            matching = [each for each in selectors if _can_match(each, names)]
            if matching:
                kept.append(f"{','.join(matching)}{{{tinycss2.serialize(rule.content)}}}")
        elif rule.type == "at-rule" and rule.content and rule.lower_at_keyword in NESTING:
            inner = lean(tinycss2.parse_rule_list(rule.content), names)
            if inner:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        else:
            kept.append(rule.serialize())
    return "".join(kept)


def _can_match(selector: str, names: set[str]) -> bool:
    return all(name in names for name in CLASS.findall(OPTIONAL.sub("", selector)))


def names_in_use(html: Path) -> set[str]:
    """Return the classes in all pages, and every word in the scripts that may set a class."""
    names: set[str] = set()
    for page in html.rglob("*.html"):
        if "_static" not in page.parts:
            for classes in CLASS_ATTRIBUTE.findall(page.read_text("utf-8")):
                names.update(classes.split())
    for script in (html / "_static").rglob("*.js"):
        if script.name not in NOT_LOADED:
            names.update(WORD.findall(script.read_text("utf-8")))
    return names


def write_lean_styles(app: Sphinx, exception: Exception | None) -> None:
    """Handle Sphinx's event build-finished: book/templates links the file written here."""
    html = Path(app.outdir)
    if exception is not None or not (html / THEME).exists():
        return
    rules = tinycss2.parse_stylesheet((html / THEME).read_text("utf-8"), skip_comments=True)
    (html / LEAN).write_text(lean(rules, names_in_use(html)), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", write_lean_styles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
