"""Stripe's way of sending trees in forms: `metadata[checkoutId]=x&expand[0]=latest_charge`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_PARTS = re.compile(r"\[([^\[\]]*)\]")


def parse(text: str) -> dict[str, Any]:
    """The tree. Raises ValueError for what is not a form."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=1_000):
        head, _, rest = name.partition("[")
        steps = [head, *_PARTS.findall(f"[{rest}")] if rest else [head]
        _put(tree, steps, value)
    return {key: _listed(value) for key, value in tree.items()}


def _put(tree: dict[str, Any], steps: list[str], value: str) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{step} is a value and a hash")
        tree = inner
    last = steps[-1] or str(len(tree))
    tree[last] = value


def _listed(value: Any) -> Any:
    """A hash whose keys are 0, 1, 2... is a list."""
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(each) for key, each in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
