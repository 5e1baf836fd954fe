"""A page as a test reads it: its texts, its elements, and what it asks a browser to fetch or run."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import httpx

_BLOCKS = {"td", "th", "li", "p", "dt", "dd", "h1", "h2", "h3", "text", "caption", "option"}


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text that is shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.shown: list[str] = []
        self._inside: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"style", "title", "desc", "script"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()
        if tag in _BLOCKS:
            self.shown.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.shown.append(data)

    @property
    def text(self) -> str:
        """What is shown, with single spaces."""
        return " ".join("".join(self.shown).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def read(answer: httpx.Response, status: int = 200) -> Page:
    """The page of an answer that is safe to show: it runs nothing, asks nobody, is kept nowhere."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    page = Page(answer.text)
    for tag, attributes in page.elements:
        assert tag not in {"script", "img", "iframe", "object", "link", "base"}, tag
        assert not [name for name in attributes if name.startswith("on") or name == "style"], attributes
        assert not (attributes.get("href") or "").lower().startswith(("javascript", "data")), attributes
    assert [attributes["lang"] for attributes in page.all("html")] == ["en"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    return page
