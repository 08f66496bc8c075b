"""Pages load what they use: scripts wait for the page, math styles come with math alone.

Also mends what the theme offers a reader and cannot keep: Colab opens no
Markdown, so a chapter's Colab button leads to the chapter's exercise sheet.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# Inline scripts in the page's head read what this file defines.
NEEDED_AT_ONCE = ("documentation_options.js",)
# book.css does what this file of sphinxcontrib-katex is for, and lets long formulas scroll.
REPLACED_STYLES = {"katex-math.css"}
MATH_STYLES = {"katex.min.css"}

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


def has_formulas(doctree: nodes.document | None) -> bool:
    """Say whether a page holds a formula; pages without a document, like the search, do not."""
    if doctree is None:
        return False
    return any(isinstance(node, nodes.math | nodes.math_block) for node in doctree.findall())


def drop_unused_styles(context: Context, doctree: nodes.document | None) -> None:
    """Drop KaTeX's styles, and with them its fonts, from a page without formulas."""
    unused = REPLACED_STYLES if has_formulas(doctree) else REPLACED_STYLES | MATH_STYLES
    context["css_files"] = [
        style for style in context["css_files"] if file_name(style) not in unused
    ]


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
    templatename: str,
    context: Context,
    doctree: nodes.document | None,
) -> None:
    """Handle Sphinx's event html-page-context."""
    defer_scripts(context)
    drop_unused_styles(context, doctree)
    point_colab_at_the_sheet(app, pagename, context)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    # After the theme has added its scripts (500) and its buttons (501).
    app.connect("html-page-context", trim_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
