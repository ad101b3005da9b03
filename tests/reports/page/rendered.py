"""A page of synthetic rows, rendered once, and the elements that it consists of."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

from reports.pages.html import render
from tests.reports.test_tables import synthetic_figures, synthetic_rows

MANIFEST = {
    "plan": "standard",
    "seed": 7,
    "versions": {"torch": "2.13.0"},
    "records": [f"{i:064x}" for i in range(40)],
    "note": "<img src=x onerror=alert(2)>",
}
_VOID = {"meta", "link", "input", "br", "img", "hr"}


@cache
def page() -> str:
    return render(synthetic_rows(), synthetic_figures(), MANIFEST, "Plan <b>title</b>", 1e-3)


class Outline(HTMLParser):
    """Every element with its attributes, and the tags that were left open or closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@cache
def outline() -> Outline:
    return Outline(page())


def attributes(tag: str) -> list[dict[str, str | None]]:
    return [found for name, found in outline().elements if name == tag]
