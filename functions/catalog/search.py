"""How products are found by name: the same folding for what is stored and for what is asked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MOST_TOKENS = 24
LONGEST_TOKEN = 40

_WORD = re.compile(r"\w+")


def name_key(name: str) -> str:
    """The name for sorting and matching: no case, no accents, one blank between words."""
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFKC", plain).split())[:200]


def name_tokens(name: str) -> list[str]:
    """The words a search can find a name by: distinct, in order, bounded in number and length."""
    words = (word[:LONGEST_TOKEN] for word in _WORD.findall(name_key(name)))
    return list(dict.fromkeys(words))[:MOST_TOKENS]


@dataclass(frozen=True, slots=True)
class Search:
    """What a text asks for: every word starts a word of the name, or the barcode starts with the digits."""

    words: tuple[str, ...]
    digits: str


def parse(text: str) -> Search:
    """Read a search text; a text without any word finds nothing."""
    digits = text.strip()
    return Search(
        words=tuple(name_tokens(text)),
        digits=digits if digits.isascii() and digits.isdigit() and len(digits) <= 48 else "",
    )
