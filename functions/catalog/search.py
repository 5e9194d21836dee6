"""Reading what somebody searches for; `common/product_names.py` has the words of what is stored."""

from __future__ import annotations

from dataclasses import dataclass

from functions.common.product_names import name_tokens


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
