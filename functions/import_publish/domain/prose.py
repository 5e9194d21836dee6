"""HTML as shops export it, as plain text: paragraphs and lists become lines, everything else its words.

Not a parser of the standard library: its time grows with the square of what a hostile cell holds.
"""

from __future__ import annotations

import re
from html import unescape

_HEADS = ("h1", "h2", "h3", "h4", "h5", "h6", "header")
_LISTS = ("dd", "dl", "dt", "li", "ol", "ul")
_BLOCKS = ("address", "article", "aside", "blockquote", "br", "div", "figure", "footer", "hr", "main", "p", "pre")
_BREAKS = frozenset((*_HEADS, *_LISTS, *_BLOCKS, "section", "table", "tr"))
_SILENT = {name: re.compile(rf"</{name}[\s>]", re.IGNORECASE) for name in ("script", "style", "template", "title")}
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,20})")
_BLANKS = re.compile(r"[ \t\n\r\f\v\u00a0]+")
_LINES = re.compile(r" ?\x00[ \x00]*")


def from_html(html: str) -> str:
    """The words of some HTML. Text without any mark-up keeps its line breaks."""
    if "<" not in html and "&" not in html:
        return html
    # NUL stands for a line break until blanks are made even; one that came with the text must not.
    text = _BLANKS.sub(" ", unescape("".join(_parts(html.replace("\x00", " ")))))
    return _LINES.sub(_line, text).strip()


def _line(found: re.Match[str]) -> str:
    return "\n\n" if found[0].count("\x00") > 2 else "\n"


def _parts(html: str) -> list[str]:
    parts: list[str] = []
    done = 0
    while True:
        start = html.find("<", done)
        if start < 0:
            return [*parts, html[done:]]
        parts.append(html[done:start])
        name = _NAME.match(html, start)
        if name is None and html[start + 1 : start + 2] not in ("!", "?"):
            parts.append("<")  # less than
            done = start + 1
            continue
        end = _end(html, start)
        if end < 0:
            return [*parts, html[start:]]
        if name is not None:
            parts.append(_mark(name))
            silent = _SILENT.get(name[1].lower()) if html[start + 1] != "/" else None
            if silent is not None:
                closing = silent.search(html, end)
                if closing is None:
                    return parts
                end = closing.start()
        done = end


def _end(html: str, start: int) -> int:
    """Where the text goes on after the mark-up at `start`, -1 if it never does."""
    if html.startswith("<!--", start):
        end = html.find("-->", start + 4)
        return end if end < 0 else end + 3
    end = html.find(">", start)
    if end >= 0 and html.count('"', start, end) % 2:
        # A > within quotes does not end the tag.
        quote = html.find('"', end)
        further = html.find(">", quote) if quote >= 0 else -1
        end = end if further < 0 else further
    return end if end < 0 else end + 1


def _mark(name: re.Match[str]) -> str:
    tag = name[1].lower()
    if tag == "li" and name[0][1] != "/":
        return "\x00\u2022 "
    if tag in ("p", "div") and name[0][1] == "/":
        return "\x00\x00"
    if tag in _BREAKS:
        return "\x00"
    return " " if tag in ("td", "th") else ""
