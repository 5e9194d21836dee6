"""Free-form JSON that MongoDB stores as it is: bounded in every direction, no dotted and no dollar keys."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

KEY_PATTERN = r"^[^.$\x00-\x1f\x7f][^.\x00-\x1f\x7f]{0,63}$"
# Above 2^53 an integer is no longer the same number in JavaScript, and above 2^63 BSON has no place for it.
MOST_INT = 2**53 - 1

_KEY = re.compile(KEY_PATTERN)


class NotPlain(ValueError):
    """The value is outside the limits; the text says which, and quotes nothing of the caller's."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much free-form JSON a document may hold."""

    keys: int
    depth: int
    nodes: int
    text: int


METADATA = Limits(keys=50, depth=2, nodes=400, text=1000)
CONFIG = Limits(keys=50, depth=6, nodes=500, text=4000)


def has_control_characters(text: str) -> bool:
    """True for characters that break a log line or a terminal: C0, DEL, C1, line separators, surrogates."""
    return any(unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") for char in text)


def check(value: object, limits: Limits) -> None:
    """Accept only JSON that MongoDB stores as it is: no dotted or dollar keys, bounded in every direction.

    Raises NotPlain saying what is wrong, and never more than one key of the caller's text.
    """
    if not isinstance(value, dict):
        raise NotPlain("must be an object")
    left = limits.nodes
    waiting: list[tuple[object, int]] = [(value, 1)]
    while waiting:
        node, depth = waiting.pop()
        left -= 1
        if left < 0:
            raise NotPlain(f"must not hold more than {limits.nodes} values")
        if isinstance(node, dict | list):
            if depth > limits.depth:
                raise NotPlain(f"must not be nested deeper than {limits.depth} levels")
            waiting.extend((child, depth + 1) for child in _children(node, limits))
        else:
            _check_scalar(node, limits)


def _children(node: dict[Any, Any] | list[Any], limits: Limits) -> Iterable[object]:
    if isinstance(node, list):
        return node
    if len(node) > limits.keys:
        raise NotPlain(f"must not have more than {limits.keys} keys")
    for key in node:
        if not isinstance(key, str) or not _KEY.match(key):
            raise NotPlain("keys must be 1 to 64 characters, not start with $ and not contain a dot")
    return node.values()


def _check_scalar(node: object, limits: Limits) -> None:
    if isinstance(node, str):
        if len(node) > limits.text:
            raise NotPlain(f"texts must not be longer than {limits.text} characters")
        if "\x00" in node:
            raise NotPlain("texts must not contain NUL")
    elif isinstance(node, bool) or node is None:
        return
    elif isinstance(node, int):
        if abs(node) > MOST_INT:
            raise NotPlain("integers must lie within 2^53")
    elif not isinstance(node, float) or not math.isfinite(node):
        raise NotPlain("values must be texts, numbers, booleans or lists")
