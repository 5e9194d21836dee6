"""Rules from plain data (JSON, BSON) and back: camelCase names, sorted lists, everything said.

The shape follows from the dataclasses of `promotion_rules`; a benefit carries its name in `type`. Nothing is guessed:
an unknown name, a missing one and a value of another type are refused with the place where they stand.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Literal, get_args, get_origin

from functions.common.retail import time_windows
from functions.common.retail.promotion_rules import BENEFITS, Benefit, Rule, RuleInvalid
from functions.common.retail.time_windows import Window

OF_THE_RULE = ("name", "priority", "stacking", "window", "groups", "codes", "limits", "benefit")
"""What of a promotion is the rule itself; the rest is about its keeping."""
_BENEFITS = {benefit.TYPE: benefit for benefit in BENEFITS}
_NAMES: dict[type, str] = {int: "a whole number", str: "a text"}


def to_dict(rule: Rule) -> dict[str, Any]:
    """The rule as plain data; `from_dict` reads it back."""
    plain: dict[str, Any] = _plain(rule)
    return plain


def from_dict(data: Mapping[str, Any]) -> Rule:
    """The rule of plain data; what is left out has its default. Raises RuleInvalid."""
    rule: Rule = _object(Rule, data, "")
    return rule


def from_stored(promotion_id: str, ver: int, content: Mapping[str, Any]) -> Rule:
    """The rule of a promotion as it is kept: without `storeIds` it is for every store. Raises RuleInvalid."""
    said = {name: content[name] for name in OF_THE_RULE}
    return from_dict({**said, "id": promotion_id, "version": ver, "stores": content.get("storeIds") or []})


def benefit_from_dict(data: Mapping[str, Any], at: str = "benefit") -> Benefit:
    """What a rule gives, alone; `at` is where it stands. Raises RuleInvalid."""
    return _benefit(data, at)


def _plain(value: Any) -> Any:
    if isinstance(value, Window):
        return time_windows.to_dict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, StrEnum):
        return value.value
    if not is_dataclass(value):
        return value
    own = {"type": value.TYPE} if isinstance(value, BENEFITS) else {}
    return own | {_camel(field.name): _plain(getattr(value, field.name)) for field in fields(value)}


def _read(hint: Any, value: Any, at: str) -> Any:
    if hint == Benefit:
        return _benefit(value, at)
    if isinstance(hint, types.UnionType):  # something or None
        return None if value is None else _read(get_args(hint)[0], value, at)
    if hint is Window:
        return _window(value, at)
    origin = get_origin(hint)
    if origin in (frozenset, tuple):
        return origin(_items(get_args(hint)[0], value, at))
    if origin is Literal:
        return _read(str, value, at)
    if is_dataclass(hint):
        return _object(hint, value, at)
    if issubclass(hint, StrEnum):
        try:
            return hint(value)
        except ValueError:
            raise RuleInvalid(f"This is {' or '.join(hint)}.", at) from None
    # BSON's long integers are a class of their own, and True is an integer to Python.
    if not isinstance(value, hint) or isinstance(value, bool):
        raise RuleInvalid(f"This is {_NAMES[hint]}.", at)
    return hint(value)


def _items(hint: Any, value: Any, at: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise RuleInvalid("This is a list.", at)
    return [_read(hint, each, f"{at}.{index}") for index, each in enumerate(value)]


def _benefit(value: Any, at: str) -> Benefit:
    kind = _BENEFITS.get(value.get("type", "")) if isinstance(value, Mapping) else None
    if kind is None:
        raise RuleInvalid(f"A benefit's type is one of {', '.join(_BENEFITS)}.", f"{at}.type")
    benefit: Benefit = _object(kind, {name: each for name, each in value.items() if name != "type"}, at)
    return benefit


def _window(value: Any, at: str) -> Window:
    try:
        return time_windows.from_dict(value)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        known = isinstance(problem, ValueError)
        raise RuleInvalid(str(problem) if known else "This is not a window of time.", at) from None


def _object(kind: Any, value: Any, at: str) -> Any:
    if not isinstance(value, Mapping):
        raise RuleInvalid("This is an object.", at)
    shape = _shape(kind)
    unknown = value.keys() - shape.keys()
    if unknown:
        raise RuleInvalid("There is no such field.", _join(at, min(unknown)))
    missing = [name for name, (_, _, needed) in shape.items() if needed and name not in value]
    if missing:
        raise RuleInvalid("This is missing.", _join(at, missing[0]))
    given = {shape[name][0]: _read(shape[name][1], each, _join(at, name)) for name, each in value.items()}
    try:
        return kind(**given)
    except RuleInvalid as problem:
        raise RuleInvalid(str(problem), _join(at, problem.field)) from None


@cache
def _shape(kind: Any) -> dict[str, tuple[str, Any, bool]]:
    """Name in plain data -> (name of the field, its type, whether it must be said)."""
    hints = typing.get_type_hints(kind)
    return {_camel(field.name): (field.name, hints[field.name], field.default is MISSING) for field in fields(kind)}


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
