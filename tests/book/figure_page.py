"""A figure of the book alone on a small page, in folders like those of the built book."""

import re
import shutil
from importlib.resources import files
from pathlib import Path

ASSETS = Path(__file__).parents[2] / "book" / "assets"
STYLES = (
    "pydata_sphinx_theme/theme/pydata_sphinx_theme/static/styles/theme.css",
    "pydata_sphinx_theme/theme/pydata_sphinx_theme/static/styles/pydata-sphinx-theme.css",
    "sphinx_book_theme/theme/sphinx_book_theme/static/styles/sphinx-book-theme.css",
)


def write_page(site: Path, figure: str, chapter: str, title: str) -> Path:
    """Write a page with the book's styles and one of its figures, and return where it lies.

    Args:
        site: The folder to write to.
        figure: Name of the figure's folder in the assets, and of its fragment there.
        chapter: What the page is called.
        title: Its heading.
    """
    shutil.copytree(ASSETS, site / "_static")
    for style in STYLES:
        package, _, path = style.partition("/")
        rules = files(package).joinpath(path).read_text("utf-8")
        # What the theme's styles load is of no use here.
        rules = re.sub(r"@import[^;]*;|@font-face\s*\{[^}]*\}", "", rules)
        (site / "_static" / Path(style).name).write_text(rules, "utf-8")
    links = [*(Path(style).name for style in STYLES), "book.css"]
    sheets = "".join(f'<link rel="stylesheet" href="../_static/{link}">' for link in links)
    fragment = (ASSETS / figure / f"{figure}.md").read_text("utf-8")
    body = fragment.split("```{raw} html\n")[1].rpartition("\n```")[0]
    page = site / "book" / f"{chapter}.html"
    page.parent.mkdir()
    page.write_text(
        f"""<!doctype html><html lang="en" data-theme="light" data-mode="auto"><head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>{sheets}
<script>document.documentElement.dataset.theme =
  matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";</script></head>
<body><main style="width: min(688px, 100% - 32px); margin: 0 auto">
<h1>{title}</h1>{body}<p>Text after the figure.</p></main></body></html>""",
        "utf-8",
    )
    return page
