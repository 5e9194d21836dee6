"""HTML as shops export it, as plain text: paragraphs and lists become lines, everything else its words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_HEADS = ("h1", "h2", "h3", "h4", "h5", "h6", "header")
_LISTS = ("dd", "dl", "dt", "li", "ol", "ul")
_BLOCKS = ("address", "article", "aside", "blockquote", "br", "div", "figure", "footer", "hr", "main", "p", "pre")
_LINES = frozenset((*_HEADS, *_LISTS, *_BLOCKS, "section", "table", "tr"))
_SILENT = frozenset({"script", "style", "template", "title"})
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")
_AROUND = re.compile(r" ?\n ?")
_EMPTY_LINES = re.compile(r"\n{3,}")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _LINES:
            self.parts.append("\n\u2022 " if tag == "li" else "\n")
        elif tag == "td":
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data.replace("\n", " "))


def from_html(html: str) -> str:
    """The words of some HTML. Text without any mark-up keeps its line breaks."""
    if "<" not in html and "&" not in html:
        return html
    words = _Words()
    words.feed(html)
    words.close()
    text = _AROUND.sub("\n", _BLANKS.sub(" ", "".join(words.parts)))
    return _EMPTY_LINES.sub("\n\n", text).strip()
