"""How products are found by name: the same folding for what is stored and for what is asked. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

MOST_TOKENS = 24
LONGEST_TOKEN = 40

_WORD = re.compile(r"\w+")


def name_key(name: str) -> str:
    """The name for sorting and matching: no case, no accents, one blank between words."""
    if name.isascii():
        return " ".join(name.lower().split())[:200]
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFKC", plain).split())[:200]


def name_tokens(name: str) -> list[str]:
    """The words a search can find a name by: distinct, in order, bounded in number and length."""
    return _tokens(name_key(name))


def _tokens(key: str) -> list[str]:
    words = (word[:LONGEST_TOKEN] for word in _WORD.findall(key))
    return list(dict.fromkeys(words))[:MOST_TOKENS]


def searchable(name: str) -> dict[str, Any]:
    """What lists sort and search by, derived from the name."""
    key = name_key(name)
    return {"nameKey": key, "nameTokens": _tokens(key)}
