"""What a label says besides which product it is, and the in-store labels of the scales.

A store prints its own 12 or 13 digit codes with a weight, a price or a count inside. Every store configures
which of its codes are such labels, as a list of templates; the first one that matches wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time

from functions.common.retail.barcode import InvalidCode, Reason, check_digit, is_digits, shorten


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Everything a code said besides the product. A field is None where it said nothing.

    Amounts are integers as printed, with their count of decimals; a currency is an ISO 4217 number.
    """

    source: str = ""  # what printed it: a template's name, "gs1", "digital_link" or "" for a plain number
    measure: str | None = None  # of quantity: "weight" (kg), "volume" (l), "length" (m), "area" (m2)
    quantity: int | None = None  # thousandths of that unit
    count: int | None = None  # pieces
    price: int | None = None  # to pay for this item
    price_decimals: int = 0
    price_currency: str | None = None  # None: the store's own
    price_source: str = ""  # which template or AI the price came from
    unit_price: int | None = None  # per unit of measure
    unit_price_decimals: int = 0
    percent_off: int | None = None  # thousandths of a percent
    lot: str | None = None
    serial: str | None = None
    produced: date | None = None
    packed: date | None = None
    best_before: date | None = None
    sell_by: date | None = None
    use_by: date | None = None
    use_by_time: time | None = None  # store's local time on the day of use_by
    coupon: str | None = None
    ask_quantity: bool = False  # sold by weight or count, and the code does not say how much
    elements: tuple[tuple[str, str], ...] = ()  # every GS1 element (AI, data) as scanned


NOTHING = Label()
ASK_QUANTITY = Label(ask_quantity=True)


@dataclass(frozen=True, slots=True)
class Template:
    """How a store prints one kind of label. Positions count in the 13-digit form (UPC-A has a 0 in front)."""

    name: str
    kind: str  # "weight" (kg), "price" or "count"
    decimals: int
    starts: tuple[str, ...]
    value_at: int
    value_end: int
    verifier_at: int | None


KINDS = {"weight": 3, "price": 2, "count": 0}
"""What a label can carry, and the decimals when a template does not say."""

_GERMAN_PRESS = ("414", "419", "434", "449")
PRESETS: Mapping[str, Mapping[str, object]] = {
    "ean13-weight": {"pattern": "2|item6|value5|C", "kind": "weight"},
    "ean13-price": {"pattern": "2|item6|value5|C", "kind": "price"},
    "ean13-weight-verified": {"pattern": "2|item5|V|value5|C", "kind": "weight"},
    "ean13-price-verified": {"pattern": "2|item5|V|value5|C", "kind": "price"},
    "odoo-weight": {"pattern": "21|item5|value5|C", "kind": "weight"},
    "odoo-price": {"pattern": "23|item5|value5|C", "kind": "price"},
    "upca-weight": {"pattern": "2|item5|value5|C", "kind": "weight"},
    "upca-price": {"pattern": "2|item5|value5|C", "kind": "price"},
    "upca-price-verified": {"pattern": "2|item5|V|value4|C", "kind": "price"},
    "german-press": {"pattern": "4|item7|value4|C", "kind": "price", "prefixes": _GERMAN_PRESS},
}
"""Layouts in common use, by name. A store can use a name or write its own."""

_PART = re.compile(r"(item|value)([1-9])|([VC])")


def parse_template(spec: object) -> Template:
    """Read one configured template: the name of a preset, or a mapping.

    {"pattern": "2|item5|V|value5|C", "kind": "weight"|"price"|"count"} and optionally "name", "decimals"
    (weight 3, price 2, count 0), "prefixes" (to narrow the pattern). A pattern is: fixed digits, `itemN`,
    `V` (verifier digit) if there is one, `valueN`, `C` (check digit); 13 digits in all, or 12 for UPC-A.
    Raises ValueError with one sentence for the person who configures the store.
    """
    if isinstance(spec, str):
        if spec not in PRESETS:
            raise ValueError(f"There is no label template named {spec!r}; known are {', '.join(PRESETS)}.")
        spec = {"name": spec, **PRESETS[spec]}
    if not isinstance(spec, Mapping):
        raise ValueError("A label template is the name of a known one, or an object with a pattern and a kind.")
    unknown = set(spec) - {"name", "pattern", "kind", "decimals", "prefixes"}
    if unknown:
        raise ValueError(f"A label template has no field {', '.join(sorted(map(str, unknown)))}.")
    pattern, kind = spec.get("pattern"), spec.get("kind")
    if not isinstance(pattern, str):
        raise ValueError("A label template needs a pattern such as 2|item5|V|value5|C.")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"The kind of a label template is one of {', '.join(KINDS)}, not {kind!r}.")
    places = _places(pattern)
    shift = 13 - places["C"].stop  # a UPC-A pattern moves one place to the right in the 13-digit form
    value, verifier = places["value"], places.get("V")
    return Template(
        name=str(spec.get("name") or pattern),
        kind=kind,
        decimals=_decimals(kind, spec.get("decimals", KINDS[kind])),
        starts=tuple("0" * shift + start for start in _starts(pattern, spec.get("prefixes", ()))),
        value_at=value.start + shift,
        value_end=value.stop + shift,
        verifier_at=None if verifier is None else verifier.start + shift,
    )


def _places(pattern: str) -> dict[str, range]:
    """Where each part of a pattern is, as printed on the label."""
    fixed, *parts = pattern.split("|")
    if not is_digits(fixed) or not parts or parts[-1] != "C":
        raise ValueError(f"The pattern {pattern!r} must begin with digits and end with C (the check digit).")
    places: dict[str, range] = {}
    at = len(fixed)
    for part in parts:
        found = _PART.fullmatch(part)
        name = (found[1] or found[3]) if found else ""
        if found is None or name in places or "C" in places:
            raise ValueError(f"The pattern {pattern!r} must not have {part!r} where it stands.")
        width = int(found[2] or 1)
        places[name] = range(at, at + width)
        at += width
    if "item" not in places or "value" not in places:
        raise ValueError(f"The pattern {pattern!r} needs an item and a value part, such as item5 and value5.")
    if at not in (12, 13):
        raise ValueError(f"The pattern {pattern!r} has {at} digits; a label has 13, or 12 for UPC-A.")
    if "V" in places and len(places["value"]) not in _WEIGHTS:
        raise ValueError(f"The pattern {pattern!r} has a verifier digit: its value must have 4 or 5 digits.")
    return places


def _decimals(kind: str, decimals: object) -> int:
    most = 4 if kind == "price" else KINDS[kind]
    if not isinstance(decimals, int) or isinstance(decimals, bool) or not 0 <= decimals <= most:
        raise ValueError(f"A {kind} label has 0 to {most} decimals, not {decimals!r}.")
    return decimals


def _starts(pattern: str, prefixes: object) -> tuple[str, ...]:
    """The beginnings, as printed on the label, of which a code must have one."""
    if not isinstance(prefixes, Iterable) or isinstance(prefixes, str):
        raise ValueError("The prefixes of a label template are a list of digits such as ['21', '22'].")
    fixed = pattern.split("|")[0]
    starts = tuple(str(prefix) for prefix in prefixes)
    for start in starts:
        if not is_digits(start) or not start.startswith(fixed) or len(start) > 7:
            raise ValueError(f"The prefix {start!r} must be up to 7 digits and begin with {fixed}.")
    return starts or (fixed,)


# The GS1 weighting tables for verifier digits: position = digit, value = its weighted image.
_TWO_MINUS = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_THREE = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_FIVE_PLUS = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
_FIVE_MINUS = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)
_WEIGHTS = {
    4: (_TWO_MINUS, _TWO_MINUS, _THREE, _FIVE_MINUS),
    5: (_FIVE_PLUS, _TWO_MINUS, _FIVE_MINUS, _FIVE_PLUS, _TWO_MINUS),
}


def verifier_digit(value: str) -> str:
    """The GS1 verifier digit of a price or weight of 4 or 5 digits."""
    tables = _WEIGHTS[len(value)]
    total = sum(table[int(digit)] for table, digit in zip(tables, value, strict=True))
    if len(value) == 4:
        return str(total * 3 % 10)
    return str(_FIVE_MINUS.index(-total % 10))


def read_label(code: str, templates: Sequence[Template]) -> tuple[str, Label] | None:
    """The base code (canonical) and what the label says, by the first template that matches 13 valid digits.

    The base code is what the product is stored under: the label with value and verifier zeroed and the check
    digit made right again. None when no template has such codes. A template whose verifier digit is wrong
    does not match; raises InvalidCode VERIFIER_DIGIT when no later one does.
    """
    refused: Template | None = None
    for template in templates:
        if not code.startswith(template.starts):
            continue
        value = code[template.value_at : template.value_end]
        at = template.verifier_at
        if at is not None and code[at] != verifier_digit(value):
            refused = refused or template
            continue
        return _base_code(code, template), _label(template, int(value))
    if refused is not None:
        message = f"The verifier digit of {code} is wrong for the label {refused.name}: a misread digit?"
        raise InvalidCode(Reason.VERIFIER_DIGIT, message)
    return None


def _base_code(code: str, template: Template) -> str:
    width = template.value_end - template.value_at
    body = code[: template.value_at] + "0" * width + code[template.value_end : 12]
    if template.verifier_at is not None:
        body = body[: template.verifier_at] + "0" + body[template.verifier_at + 1 :]
    return shorten("0" + body + check_digit(body))


def _label(template: Template, value: int) -> Label:
    if value == 0:
        return Label(source=template.name, ask_quantity=True)
    if template.kind == "weight":
        grams = value * 10 ** (3 - template.decimals)
        return Label(source=template.name, measure="weight", quantity=grams)
    if template.kind == "count":
        return Label(source=template.name, count=value)
    return Label(source=template.name, price=value, price_decimals=template.decimals, price_source=template.name)
