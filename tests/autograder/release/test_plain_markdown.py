"""What a learner's notebook shows is plain Markdown, or the sheet is refused."""

import pytest

from autograder.release.plain_markdown import plain_markdown
from autograder.release.problem import SourceError

FENCE = "```"
TITLES = {"attention-scale": "Why divide"}.get

CONVERTED = {
    "a note": (":::{note}\nOne.\n\nTwo.\n:::", "> **Note**\n>\n> One.\n>\n> Two."),
    "a note that begins on its first line": (
        ":::{tip} One\ntwo.\n:::",
        "> **Tip**\n>\n> One\n> two.",
    ),
    "an admonition with a title": (
        f"{FENCE}{{admonition}} Objective\n:class: tip\n\nText.\n{FENCE}",
        "> **Objective**\n>\n> Text.",
    ),
    "a dropdown": (
        ":::{dropdown} Hint 1: a question\n:icon: light-bulb\n\nText.\n:::",
        "<details>\n<summary>Hint 1: a question</summary>\n\nText.\n\n</details>",
    ),
    "an admonition that folds": (
        ":::{hint}\n:class: dropdown\nText.\n:::",
        "<details>\n<summary>Hint</summary>\n\nText.\n\n</details>",
    ),
    "see also": (":::{seealso}\nText.\n:::", "> **See also**\n>\n> Text."),
    "fences in fences": (
        "::::{dropdown} Hint\n:::{note}\n{term}`key`\n:::\n::::",
        "<details>\n<summary>Hint</summary>\n\n> **Note**\n>\n> key\n\n</details>",
    ),
    "a fence in a list": (
        "- item\n\n  :::{note}\n  Text.\n  :::",
        "- item\n\n  > **Note**\n  >\n  > Text.",
    ),
    "text around a fence": (
        "Before {term}`key`.\n\n:::{note}\nx\n:::\n\nAfter {term}`value`.",
        "Before key.\n\n> **Note**\n>\n> x\n\nAfter value.",
    ),
    "a formula": (f"{FENCE}{{math}}\n:label: eq\na^2\n{FENCE}", "$$\na^2\n$$"),
    "a block of code": (
        f"{FENCE}{{code-block}} python\nx = 1\n{FENCE}",
        f"{FENCE}python\nx = 1\n{FENCE}",
    ),
    "ordinary code": (
        f"{FENCE}python\nx = '{{term}}`y`'\n\n\n:::{{note}}\n{FENCE}",
        f"{FENCE}python\nx = '{{term}}`y`'\n\n\n:::{{note}}\n{FENCE}",
    ),
    "a label": ("(attention-scale)=\n# Title", "# Title"),
    "a comment": ("% for authors\n\nText.", "Text."),
    "roles with a text": (
        "{ref}`the scale <attention-scale>`, {term}`keys <key>`",
        "the scale, keys",
    ),
    "a bare label": ("See {ref}`attention-scale`.", "See *Why divide*."),
    "a citation": ("{cite:t}`vaswani2017`, {cite}`bahdanau2015`", "[vaswani2017], [bahdanau2015]"),
    "a formula in a line": ("{math}`a_b`", "$a_b$"),
    "a role across a line break": ("{term}`scaled\ndot product`", "scaled dot product"),
    "plain text": (
        "# T\n\n$a_b$ `{x}` *b* [c](d)\n\n$$\nx\n$$",
        "# T\n\n$a_b$ `{x}` *b* [c](d)\n\n$$\nx\n$$",
    ),
    "markup as code": ("Write `{term}` or `{ref}`.", "Write `{term}` or `{ref}`."),
    "a table": ("| a | b |\n|---|---|\n| {term}`c` | d |", "| a | b |\n|---|---|\n| c | d |"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("case", CONVERTED)
def test_what_has_a_plain_counterpart_is_converted(case):
    source, expected = CONVERTED[case]
    assert plain_markdown(source, TITLES) == expected


@pytest.mark.parametrize("case", CONVERTED)
def test_plain_markdown_stays_as_it_is(case):
    plain = CONVERTED[case][1]
    assert plain_markdown(plain, TITLES) == plain


REFUSED = {
    f"Text.\n\n{FENCE}{{figure}} a.png\nCaption\n{FENCE}": (
        "directive {figure}",
        f"{FENCE}{{figure}} a.png",
    ),
    "a {download}`x`": ("'x' is no label with a title", "a {download}`x`"),
    "a\nb {ref}`none`": ("write {ref}`the words to show <none>`", "b {ref}`none`"),
    "{eq}`a`": ("the role {eq} has no counterpart", "{eq}`a`"),
    ":::\nx\n:::": ("a fence of colons needs a directive", ":::"),
    "- :::{note}\n  x\n  :::": ("must begin on a line of its own", "- :::{note}"),
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_has_no_plain_counterpart_is_refused_with_its_line(source):
    message, line = REFUSED[source]
    with pytest.raises(SourceError) as caught:
        plain_markdown(source)
    assert message in str(caught.value)
    assert caught.value.line == line
