"""Figures and numbers for the chapters: SVG in the page's own text color, values for the prose."""

from __future__ import annotations

import html
import io
import re

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

# Two colors that color-blind readers tell apart, on white and on black (Okabe and Ito, 2008).
BLUE, ORANGE = "#0072B2", "#D55E00"
# Stands for the page's text color, which is known in the browser alone.
INK = "#010203"


def use_book_style() -> None:
    """Set matplotlib's defaults so that figures go with the pages of the book."""
    plt.rc("text", color=INK)
    plt.rc("axes", labelcolor=INK, edgecolor=INK)
    plt.rc("axes.spines", top=False, right=False)
    plt.rc("xtick", color=INK)
    plt.rc("ytick", color=INK)
    plt.rc("svg", fonttype="none")
    plt.rc("font", size=10)


def as_svg(figure: Figure, alt: str) -> str:
    """Return a figure as an SVG element; the same figure gives the same text.

    Args:
        figure: What to draw. It is closed.
        alt: What the figure shows, for readers who do not see it.
    """
    buffer = io.StringIO()
    with plt.rc_context({"svg.hashsalt": alt}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    plt.close(figure)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # ids must be unique on a page
    style = "max-width: 100%; height: auto"
    label = html.escape(alt)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" style="{style}" ', 1)


def show(figure: Figure, alt: str) -> None:
    """Display a figure in a notebook, in the page's text color, in light and dark mode.

    Args:
        figure: What to draw. It is closed.
        alt: What the figure shows, for readers who do not see it.
    """
    from IPython.display import HTML, display

    display(HTML(as_svg(figure, alt)))


def keep(name: str, value: float | str) -> None:
    """Keep a computed value for the text of a chapter, which quotes it by its name."""
    from myst_nb import glue

    glue(name, value if isinstance(value, str) else float(value), display=False)
