"""Pages load what they use, and scripts wait for the page.

Also mends what the theme offers a reader and cannot keep: Colab opens no
Markdown, so a chapter's Colab button leads to the chapter's exercise sheet.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

# Inline scripts in the page's head read what this file defines.
NEEDED_AT_ONCE = ("documentation_options.js",)
# Which part of a page's body calls for a file. The pattern of katex-math.css, from
# sphinxcontrib-katex, never matches: book.css does its work, and lets long formulas scroll.
NEEDED_BY = {
    "clipboard.min.js": re.compile('class="highlight'),
    "copybutton.css": re.compile('class="highlight'),
    "copybutton.js": re.compile('class="highlight'),
    "design-tabs.js": re.compile(r'class="[^"]*\bsd-tab'),
    "katex-math.css": re.compile(r"(?!)"),
    "katex.min.css": re.compile('class="katex'),
    "sphinx-design.min.css": re.compile(r'class="[^"]*\bsd-'),
    "togglebutton.css": re.compile(r'class="[^"]*\b(?:toggle|dropdown)\b'),
    "togglebutton.js": re.compile(r'class="[^"]*\b(?:toggle|dropdown)\b'),
}

# Names, punctuation and spaces in code, which both color schemes show in the color of
# plain text, and operators, which read as well in it. They are three quarters of the
# elements of a chapter's code, and a phone lays out each one.
PLAIN_TOKEN = re.compile(r'<span class="(?:n|nn|o|p|w)">([^<]*)</span>')

Context = dict[str, Any]


def file_name(asset: Any) -> str:
    """Return the file name of an asset that Sphinx is about to link, or '' for inline code."""
    path = getattr(asset, "filename", asset)
    return str(path or "").split("?")[0].rsplit("/", 1)[-1]


def deferred(script: Any) -> Any:
    """Return a script file's tag with `defer`; the original is shared by all pages."""
    name = file_name(script)
    if not name or name in NEEDED_AT_ONCE:
        return script
    attributes = {**script.attributes, "defer": "defer"}
    return type(script)(script.filename, priority=script.priority, **attributes)


def defer_scripts(context: Context) -> None:
    """Let every script file wait until the page is read; deferred scripts keep their order.

    The search page is left alone: its own scripts follow and do not wait.
    """
    if context["pagename"] != "search":
        context["script_files"] = [deferred(script) for script in context["script_files"]]


def drop_unused_files(context: Context) -> None:
    """Drop the styles and scripts that nothing on the page calls for; fonts go with them."""
    body = context.get("body", "")

    def is_needed(asset: Any) -> bool:
        pattern = NEEDED_BY.get(file_name(asset))
        return pattern is None or pattern.search(body) is not None

    for kind in ("css_files", "script_files"):
        context[kind] = [asset for asset in context[kind] if is_needed(asset)]


def unwrap_plain_tokens(context: Context) -> None:
    """Leave out the elements around pieces of code that look like plain text."""
    if "body" in context:
        context["body"] = PLAIN_TOKEN.sub(r"\1", context["body"])


def point_colab_at_the_sheet(app: Sphinx, pagename: str, context: Context) -> None:
    """Send the Colab button of a Markdown page to the exercise sheet of the same stem."""
    if app.env.doc2path(pagename).endswith(".ipynb"):
        return
    sheet = f"book/exercises/{Path(pagename).name}.ipynb"
    for group in context.get("header_buttons", []):
        buttons = group.get("buttons", [])
        for button in [button for button in buttons if button.get("text") == "Colab"]:
            if (Path(app.srcdir) / sheet).exists():
                button["url"] = button["url"].replace(f"{pagename}.md", sheet)
                button["tooltip"] = "Open the exercise sheet on Colab"
            else:
                buttons.remove(button)


def trim_page(
    app: Sphinx,
    pagename: str,
    _templatename: str,
    context: Context,
    _doctree: object,
) -> None:
    """Handle Sphinx's event html-page-context."""
    drop_unused_files(context)
    unwrap_plain_tokens(context)
    defer_scripts(context)
    point_colab_at_the_sheet(app, pagename, context)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    # After the theme has added its scripts (500) and its buttons (501).
    app.connect("html-page-context", trim_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
