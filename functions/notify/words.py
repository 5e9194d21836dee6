"""Notices in the language of whoever reads them. No names, no amounts: anybody may see a phone's lock screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from functions.common.once import Once

DEFAULT = "en"
FOLDER = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True)
class Words:
    """What a shopper reads."""

    title: str
    body: str


def _read() -> dict[str, Mapping[str, Mapping[str, str]]]:
    return {file.stem: orjson.loads(file.read_bytes()) for file in sorted(FOLDER.glob("*.json"))}


languages = Once(_read)
"""Language -> name of the text -> its title and, by number, its body."""


def language_of(wanted: str | None) -> str:
    """The best of our languages for a tag (`de-AT`) or an Accept-Language header; English when there is none."""
    known = languages()
    for tag in _by_quality(wanted or ""):
        language = tag.partition("-")[0]
        if language in known:
            return language
    return DEFAULT


def _by_quality(header: str) -> list[str]:
    tags: list[tuple[float, str]] = []
    for part in header.lower().split(",")[:20]:
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag.strip() and weight > 0:
            tags.append((weight, tag.strip().replace("_", "-")))
    return [tag for _, tag in sorted(tags, key=lambda pair: -pair[0])]


def words(text: str, count: int, language: str) -> Words:
    """The title and the body of a text for so many things."""
    said = languages()[language][text]
    body = said["one"] if count == 1 and "one" in said else said["other"]
    return Words(said["title"], body.replace("{count}", str(count)))
