"""GS1 Digital Link URIs: web addresses that carry GS1 elements, https://any.domain/01/{gtin}/10/{lot}?17=270131."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from functions.common.retail.barcode import GTIN_LENGTHS, InvalidCode, Reason
from functions.common.retail.gs1 import Elements, collect

# Primary key -> the orders in which its qualifiers may follow it in the path.
_QUALIFIERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "01": (("22", "10", "21"), ("235",)),
    "8006": (("22", "10", "21"),),
    "255": ((),),
}
_URI = re.compile(r"https?://([^/?#]+)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def is_link(text: str) -> bool:
    """Whether text is a web address at all."""
    return text[:8].lower().startswith(("http://", "https://"))


def parse_link(uri: str) -> Elements:
    """Read the elements of a Digital Link: its key and qualifiers from the path, other AIs from the query.

    Query names that are not numbers (linkType, utm_source) say nothing about the item and are passed over.
    Raises InvalidCode: UNSUPPORTED_SYMBOL (an ordinary web address), BAD_LINK (qualifiers out of order,
    broken escapes), and as `collect` does.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        raise InvalidCode(Reason.BAD_LINK, "The web address has no domain.")
    if _BROKEN_ESCAPE.search(uri):
        raise InvalidCode(Reason.BAD_LINK, "The web address has a % without two hexadecimal digits.")
    return collect([*_from_path(found[2]), *_from_query(found[3] or "")])


def _from_path(path: str) -> Iterator[tuple[str, str]]:
    segments = path.rstrip("/").split("/")[1:]
    start = _key_at(segments)
    pairs = list(zip(segments[start::2], segments[start + 1 :: 2], strict=True))
    (key, value), qualifiers = pairs[0], [ai for ai, _ in pairs[1:]]
    if not any(_follow(qualifiers, order) for order in _QUALIFIERS[key]):
        message = f"What follows /{key}/ in the path must be its qualifiers, in their order."
        raise InvalidCode(Reason.BAD_LINK, message)
    value = unquote(value)
    # Older links carry a GTIN as short as it is printed.
    yield key, value.zfill(14) if key == "01" and len(value) in GTIN_LENGTHS else value
    for ai, data in pairs[1:]:
        yield ai, unquote(data)


def _key_at(segments: list[str]) -> int:
    """Where the primary key is. Keys and values alternate to the end, so it is an even number from the end.

    The last one counts: a shop's own path may come before it, and a lot may well be called 01.
    """
    for at in range(len(segments) - 2, -1, -2):
        if segments[at] in _QUALIFIERS:
            return at
    raise InvalidCode(Reason.UNSUPPORTED_SYMBOL, "The web address is not a GS1 Digital Link to a product.")


def _follow(given: list[str], order: tuple[str, ...]) -> bool:
    """Whether the given qualifiers are some of the order, in that order, each at most once."""
    rest = iter(order)
    return all(ai in rest for ai in given)


def _from_query(query: str) -> Iterator[tuple[str, str]]:
    for pair in re.split("[&;]", query):
        name, _, value = pair.partition("=")
        if name.isascii() and name.isdigit():
            yield name, unquote(value)
