"""The words of the pages: English in the code, others in `<language>.po` beside this file, read at first use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


def read(text: str) -> dict[str, str]:
    """msgid -> msgstr of a .po file (GNU gettext, 'The Format of PO Files'). Plurals are written as two messages."""
    found: dict[str, str] = {}
    for entry in _entries(text):
        if entry.get("msgid") and entry.get("msgstr"):
            found[entry["msgid"]] = entry["msgstr"]
    return found


def _entries(text: str) -> Iterator[dict[str, str]]:
    entry: dict[str, str] = {}
    key = ""
    for line in [*text.splitlines(), 'msgid ""']:
        line = line.strip()
        if line.startswith(("msgid ", "msgstr ")):
            key, _, line = line.partition(" ")
            if key == "msgid" and entry:
                yield entry
                entry = {}
            entry[key] = ""
        if line.startswith('"'):
            entry[key] += ast.literal_eval(line)


@cache
def _catalog(language: str) -> dict[str, str]:
    path = FOLDER / f"{language}.po"
    return read(path.read_text("utf-8")) if path.exists() else {}


def translate(language: str, message: str, **values: object) -> str:
    """`message` in the language, `{name}` replaced by values; English where nobody has said it otherwise."""
    text = _catalog(language).get(message, message)
    return text.format(**values) if values else text
