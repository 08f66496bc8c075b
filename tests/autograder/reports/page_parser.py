"""Pages as a tree, read with the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser


class Element:
    """One element of a parsed page, with the text of all that is inside."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes, self.inside, self.parts = tag, attributes, [], []

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())

    @property
    def raw_text(self) -> str:
        return "".join(self.parts)

    def all(self, tag: str | None = None, css: str | None = None) -> list[Element]:
        return [
            one
            for one in self.inside
            if tag in (None, one.tag)
            and (css is None or css in one.attributes.get("class", "").split())
        ]


class PageParser(HTMLParser):
    """Build elements, and refuse a page whose tags do not match."""

    VOID = frozenset({"meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs})
        for outer in self.open:
            outer.inside.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        for element in self.open:
            element.parts.append(data)
