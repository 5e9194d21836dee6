"""Promotions between a form and the API: what a person ticks and types, and the rule it is. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.admin.formatting import to_minor, to_thousandths
from functions.common.errors import Malformed
from functions.common.retail.currencies import EXPONENTS

Form = Mapping[str, Sequence[str]]
TYPES = (
    *("percentage", "amount", "fixed_price", "member_price", "buy_get", "n_for_price", "mix_and_match"),
    *("cart_threshold", "json"),
)
"""What a promotion can do; `json` is for what the form cannot say."""
USES: Mapping[str, tuple[str, ...]] = {
    "match": ("percentage", "amount", "fixed_price", "member_price", "buy_get", "n_for_price"),
    "percent": ("percentage",),
    "amount": ("amount",),
    "price": ("fixed_price", "member_price", "n_for_price"),
    "quantity": ("n_for_price",),
    "buy": ("buy_get",),
    "off": ("buy_get", "mix_and_match", "cart_threshold"),
    "slots": ("mix_and_match",),
    "threshold": ("cart_threshold",),
    "most": ("buy_get", "n_for_price", "mix_and_match"),
    "choose": ("buy_get", "mix_and_match"),
    "json": ("json",),
}
"""Part of the form -> the kinds of promotion it belongs to; a script hides the others."""
_WORDS = ("barcodes", "categories", "brands", "taxClasses", "measures")
_PERCENT_DECIMALS = 2


def one(form: Form, name: str) -> str:
    """A field without the space around it."""
    texts = form.get(name) or [""]
    return texts[0].strip()


def words(form: Form, name: str) -> list[str]:
    """A field of several words, with blanks, commas or lines between."""
    return [word for text in form.get(name, ()) for word in text.replace(",", " ").split()]


def body_of(form: Form, currency: str) -> dict[str, Any]:
    """What POST and PUT take, without the id. Raises Malformed naming the field."""
    window: dict[str, Any] = {name: one(form, name) for name in ("starts", "ends") if one(form, name)}
    window |= {"weekdays": [int(day) for day in form.get("weekdays", ()) if day in "1234567"]}
    if one(form, "opens") and one(form, "closes"):
        window["hours"] = [{"opens": one(form, "opens"), "closes": one(form, "closes")}]
    limits = {name: _whole(form, name) for name in ("perCode", "perUser", "total")}
    limits["budget"] = _minor(form, "budget", currency)
    return {
        "name": one(form, "name"),
        "description": one(form, "description") or None,
        "status": one(form, "status") or "draft",
        "storeIds": list(form.get("storeIds", ())) or None,
        "priority": _whole(form, "priority") or 0,
        "stacking": one(form, "stacking") or "stack",
        "window": {name: value for name, value in window.items() if value},
        "groups": words(form, "groups"),
        "codes": words(form, "codes"),
        "limits": {name: value for name, value in limits.items() if value is not None},
        "benefit": benefit_of(form, currency),
    }


def benefit_of(form: Form, currency: str) -> dict[str, Any]:
    """What the promotion does. Raises Malformed naming the field."""
    kind = one(form, "type")
    if kind == "json":
        return _json(form)
    if kind not in TYPES:
        raise Malformed("say what the promotion does", field="type")
    benefit: dict[str, Any] = {"type": kind}
    for part, build in _PARTS.items():
        if kind in USES[part]:
            benefit |= build(form, currency)
    return benefit


def form_of(benefit: Mapping[str, Any], currency: str) -> dict[str, list[str]]:
    """The fields that say this benefit; those of `json` when no others can."""
    form = _fields(benefit, currency)
    try:
        same = benefit_of(form, currency) == dict(benefit)
    except Malformed:
        same = False
    return form if same else {"type": ["json"], "json": [json.dumps(benefit, indent=2, ensure_ascii=False)]}


def lines_of(text: str) -> list[dict[str, Any]]:
    """A basket to try: a barcode a line, perhaps with how many after a blank. Raises Malformed."""
    lines: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines()[:100], 1):
        code, _, amount = line.strip().partition(" ")
        if not code:
            continue
        try:
            quantity = {"quantity": to_thousandths(amount)} if amount.strip() else {}
        except ValueError as error:
            raise Malformed("write a barcode, and how many after a blank", field="basket") from error
        lines.append({"lineId": str(number), "barcode": code, **quantity})
    return lines


def _match(form: Form, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {name: words(form, prefix + name) for name in _WORDS}
    if excluded := words(form, prefix + "excluded"):
        found["excluded"] = {"barcodes": excluded}
    return {name: value for name, value in found.items() if value}


def _percent(form: Form, currency: str) -> dict[str, Any]:
    return {"basisPoints": _decimal(form, "percent", _PERCENT_DECIMALS)}


def _off(form: Form, currency: str) -> dict[str, Any]:
    kind = one(form, "offKind")
    if not kind:
        return {}
    value = _decimal(form, "offValue", _PERCENT_DECIMALS) if kind == "percent" else _needed(form, "offValue", currency)
    return {"off": {"kind": kind, "value": value}}


def _slots(form: Form, currency: str) -> dict[str, Any]:
    def slot(prefix: str) -> dict[str, Any]:
        return {"match": _match(form, prefix), "quantity": _whole(form, prefix + "quantity") or 1}

    triggers = [slot("trigger.")] if _match(form, "trigger.") or one(form, "trigger.quantity") else []
    return {"targets": [slot("target.")]} | ({"triggers": triggers} if triggers else {})


def _most(form: Form, currency: str) -> dict[str, Any]:
    most = _whole(form, "maxOccurrences")
    return {} if most is None else {"maxOccurrences": most}


def _choose(form: Form, currency: str) -> dict[str, Any]:
    return {"choose": "most_expensive"} if one(form, "choose") == "most_expensive" else {}


_PARTS: Mapping[str, Callable[[Form, str], dict[str, Any]]] = {
    "match": lambda form, _: {"match": _match(form)},
    "percent": _percent,
    "amount": lambda form, currency: {"amount": _needed(form, "amount", currency)},
    "price": lambda form, currency: {"price": _needed(form, "price", currency)},
    "quantity": lambda form, _: {"quantity": _whole(form, "quantity") or 1},
    "buy": lambda form, _: {"buy": _whole(form, "buy") or 1, "get": _whole(form, "get") or 1},
    "threshold": lambda form, currency: {"threshold": _needed(form, "threshold", currency)},
    "off": _off,
    "slots": _slots,
    "most": _most,
    "choose": _choose,
}


def _fields(benefit: Mapping[str, Any], currency: str) -> dict[str, list[str]]:
    """The fields as far as there are any for what the benefit says."""
    exponent = EXPONENTS.get(currency, 2)
    form: dict[str, list[str]] = {"type": [str(benefit.get("type", ""))]}
    for name in ("quantity", "buy", "get", "maxOccurrences", "choose"):
        if benefit.get(name) is not None:
            form[name] = [str(benefit[name])]
    for name in ("amount", "price", "threshold"):
        if isinstance(benefit.get(name), int):
            form[name] = [_written(benefit[name], exponent)]
    if isinstance(benefit.get("basisPoints"), int):
        form["percent"] = [_written(benefit["basisPoints"], _PERCENT_DECIMALS)]
    if off := benefit.get("off"):
        form["offKind"] = [off["kind"]]
        form["offValue"] = [_written(off["value"], _PERCENT_DECIMALS if off["kind"] == "percent" else exponent)]
    slots = [("", benefit), *(("target.", each) for each in benefit.get("targets", ())[:1])]
    slots += [("trigger.", each) for each in benefit.get("triggers", ())[:1]]
    for prefix, slot in slots:
        match = slot.get("match") or {}
        form |= {prefix + name: [" ".join(match[name])] for name in _WORDS if match.get(name)}
        if (match.get("excluded") or {}).get("barcodes"):
            form[prefix + "excluded"] = [" ".join(match["excluded"]["barcodes"])]
        if prefix:
            form[prefix + "quantity"] = [str(slot.get("quantity", 1))]
    return form


def _written(value: int, exponent: int) -> str:
    digits = str(value).rjust(exponent + 1, "0")
    return f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits


def _json(form: Form) -> dict[str, Any]:
    try:
        found = json.loads(one(form, "json"))
    except ValueError as error:
        raise Malformed("this is not JSON", field="json") from error
    if not isinstance(found, dict):
        raise Malformed("a benefit is an object", field="json")
    return found


def _whole(form: Form, name: str) -> int | None:
    text = one(form, name)
    if not text:
        return None
    if not text.isascii() or not text.lstrip("-").isdigit() or len(text) > 9:
        raise Malformed("must be a whole number", field=name)
    return int(text)


def _minor(form: Form, name: str, currency: str) -> int | None:
    return _needed(form, name, currency) if one(form, name) else None


def _needed(form: Form, name: str, currency: str) -> int:
    try:
        return to_minor(one(form, name), currency)
    except ValueError as error:
        raise Malformed("must be an amount such as 1.49", field=name) from error


def _decimal(form: Form, name: str, decimals: int) -> int:
    """A number with so many decimals as a whole number of the smallest: 12.5 with 2 is 1250."""
    try:
        thousandths = to_thousandths(one(form, name))
    except ValueError as error:
        raise Malformed("must be a number such as 12.5", field=name) from error
    step = int(10 ** (3 - decimals))
    if thousandths % step:
        raise Malformed("has too many decimals", field=name)
    return thousandths // step


def written_amount(value: int, currency: str) -> str:
    """Minor units as somebody would type them."""
    return _written(value, EXPONENTS.get(currency, 2))
