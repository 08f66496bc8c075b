"""Figures as the pages show them."""

import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from attnbook.figures import BLUE, INK, as_svg, use_book_style


def drawn() -> Figure:
    use_book_style()
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [1, 4, 9], color=BLUE)
    axes.set_title("squares")
    return figure


def test_the_same_figure_gives_the_same_text() -> None:
    assert as_svg(drawn(), "a curve") == as_svg(drawn(), "a curve")


def test_a_figure_says_what_it_shows_and_takes_the_pages_color() -> None:
    svg = as_svg(drawn(), 'rises from "1" to 9 & on')
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'rises from "1" to 9 & on'
    assert "currentColor" in svg
    assert INK not in svg
    assert "squares" in svg, "text stays text"


def test_two_figures_on_one_page_share_no_id() -> None:
    def ids(svg: str) -> set[str]:
        return {each.get("id", "") for each in ET.fromstring(svg).iter()} - {""}

    first, second = ids(as_svg(drawn(), "one")), ids(as_svg(drawn(), "two"))
    assert first
    assert not first & second


def test_a_figure_is_closed_when_it_is_shown() -> None:
    figure = drawn()
    as_svg(figure, "a curve")
    assert not plt.fignum_exists(figure.number)
