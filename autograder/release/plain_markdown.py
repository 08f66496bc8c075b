"""From MyST to the Markdown that every notebook front end shows well.

Jupyter, Colab and editors show a directive or a role as its raw text. What has a plain counterpart
is converted; the rest is refused, so that a learner never sees markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin

from autograder.release.problem import SourceError

PARSER = MarkdownIt("commonmark").use(colon_fence_plugin).use(myst_block_plugin)

DIRECTIVE = re.compile(r"\{([\w:+-]+)\}\s*(.*)")
OPTION = re.compile(r":([\w-]+):\s*(.*)")
ROLE = re.compile(r"(?<!`)\{([a-z][\w:+-]*)\}`([^`]+)`")
WITH_TARGET = re.compile(r"(.*\S)\s*<[^<>]*>")

ADMONITIONS = {
    "admonition", "attention", "caution", "danger", "error", "hint",
    "important", "note", "seealso", "tip", "warning",
}  # fmt: skip
NOTES = ADMONITIONS - {"admonition"}
FOLDED = {"dropdown", "toggle"}
CODE = {"code", "code-block", "sourcecode"}
Titles = Callable[[str], str | None]
"""Gives the title of the section that a label names, or None."""

TEXT_ROLES = {"abbr", "doc", "download", "numref", "ref", "term"}


def plain_markdown(source: str, title_of: Titles = lambda _: None) -> str:
    """Return MyST ``source``, the text of one cell, as plain Markdown.

    Raises:
        SourceError: For a directive or a role that has no plain counterpart.
    """
    lines = source.splitlines()
    plain: list[str] = []
    done = 0
    for token in PARSER.parse(source):
        start, end = token.map or (0, 0)
        if end <= done:  # a closing token, or part of what was replaced
            continue
        replaced = _replacement(token, lines[start:end], title_of)
        if replaced is not None:
            plain += [*_plain_lines(lines[done:start], title_of), *replaced]
            done = end
    plain += _plain_lines(lines[done:], title_of)
    return "\n".join(plain).strip("\n")


def _replacement(token: Token, lines: list[str], title_of: Titles) -> list[str] | None:
    """Return what takes the place of the block in ``lines``, or None to look at its text alone."""
    if token.type in {"myst_target", "myst_line_comment"}:
        return []
    if token.type not in {"fence", "colon_fence", "code_block"}:
        return None
    directive = DIRECTIVE.fullmatch(token.info.strip())
    if directive is None and token.type == "colon_fence":
        raise SourceError(f"a fence of colons needs a directive: {lines[0]}", lines[0])
    if directive is None:
        return lines
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    if not lines[0].lstrip().startswith(token.markup):
        raise SourceError("a directive must begin on a line of its own", lines[0])
    body = _directive(directive, token.content, lines[0], title_of)
    return [f"{indent}{line}".rstrip() for line in body]


def _directive(directive: re.Match[str], content: str, line: str, title_of: Titles) -> list[str]:
    """Return the plain lines of one directive, which stands on ``line``."""
    name, title = directive.groups()
    options, body = _options(content)
    if name in CODE:
        return [f"```{title}", *body, "```"]
    if name == "math":
        return ["$$", *body, "$$"]
    if name not in ADMONITIONS | FOLDED:
        raise SourceError(
            f"the directive {{{name}}} has no counterpart in a notebook: use plain Markdown", line
        )
    if title and name in NOTES:  # the first line of a note is text; only the others have a title
        title, body = "", [title, *body]
    text = plain_markdown("\n".join(body), title_of).splitlines()
    title = _plain_roles(title, title_of) or (
        "See also" if name == "seealso" else name.capitalize()
    )
    if name in FOLDED or FOLDED & set(options.get("class", "").split()):
        return ["<details>", f"<summary>{title}</summary>", "", *text, "", "</details>"]
    return [f"> **{title}**", ">", *(f"> {row}".rstrip() for row in text)]


def _options(content: str) -> tuple[dict[str, str], list[str]]:
    """Split a directive's content into its options and its body."""
    lines = content.splitlines()
    options: dict[str, str] = {}
    while lines and (option := OPTION.fullmatch(lines[0].strip())):
        options[option[1]] = option[2]
        lines.pop(0)
    return options, "\n".join(lines).strip("\n").splitlines()


def _plain_lines(lines: list[str], title_of: Titles) -> list[str]:
    return _plain_roles("\n".join(lines), title_of).split("\n") if lines else []


def _plain_roles(text: str, title_of: Titles) -> str:
    """Return ``text`` with each role replaced by what it shows."""

    def shown(role: re.Match[str]) -> str:
        try:
            return _shown(role[1], " ".join(role[2].split()), title_of)
        except ValueError as error:
            line = text[: role.start()].count("\n")
            raise SourceError(str(error), text.split("\n")[line]) from None

    return ROLE.sub(shown, text)


def _shown(name: str, text: str, title_of: Titles) -> str:
    """Return what the role ``name`` shows for ``text``."""
    if name == "math":
        return f"${text}$"
    if name.partition(":")[0] == "cite":
        return f"[{text}]"
    if name not in TEXT_ROLES:
        raise ValueError(
            f"the role {{{name}}} has no counterpart in a notebook: use plain Markdown"
        )
    explicit = WITH_TARGET.fullmatch(text)
    if explicit or name in {"abbr", "term"}:
        return explicit[1] if explicit else text
    title = title_of(text)
    if title is None:
        raise ValueError(
            f"{text!r} is no label with a title: write {{{name}}}`the words to show <{text}>`"
        )
    return f"*{title}*"
