"""Text that somebody else wrote, made safe to print."""

from autograder.plain_text import plain_text, printable


def test_control_characters_and_half_characters_become_visible() -> None:
    assert plain_text("a\x1b]0;b\x07\udc80") == "a\\x1b]0;b\\x07\\udc80"
    assert plain_text("ünïcode 学") == "ünïcode 学"


def test_line_breaks_stay_in_a_text_and_not_in_a_name() -> None:
    assert plain_text("a\nb") == "a\nb"
    assert printable("a\nb") == "a\\nb"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain_text("x" * 5000, 10) == "x" * 10 + " […]"
