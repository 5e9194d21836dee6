"""What a tenant allows in its imports: rules as data, checked row by row, first alone and then against what is live."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from functions.common.retail import money
from functions.import_publish.domain.codes import ERROR, WARNING, Fault, Unusable, fault
from functions.import_publish.domain.fields import (
    CLOCK_SKEW_MICROS,
    FIELDS,
    LONGEST_NAME,
    METADATA,
    MOST_MINOR,
    MOST_THOUSANDTHS,
    camel,
)
from functions.import_publish.domain.mapping import Row

_INJECTION = frozenset("=+-@\t\r\x00")
# Days since 1900 as spreadsheets count them, for 2000 to 2049.
_FIRST_DAY, _LAST_DAY = 36526, 54788


class RulesProblem(Unusable):
    """The rules are none: RULES_INVALID."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one tenant. Prices in minor units of the store's currency, stock in thousandths."""

    min_price: int = 0
    max_price: int = 999_999_999
    zero_price: Literal["confirm", "allow", "reject"] = "confirm"
    price_jump_down_percent: int | None = 60
    """A price that falls by more must be confirmed."""
    price_jump_up_percent: int | None = 200
    date_like_price: bool = True
    """Whether a price such as 45321 must be confirmed, because spreadsheets write days so."""
    max_stock: int = 1_000_000_000
    negative_stock: Literal["reject", "zero"] = "reject"
    tax_classes: tuple[str, ...] | None = None
    required: tuple[str, ...] = ()
    """Fields that every row must have, besides the barcode."""
    name_max: int = LONGEST_NAME
    unknown_brand: Literal["reject", "ignore"] = "ignore"
    """`ignore` takes the brand out of the row and says so."""
    full_withdraw_max_percent: int = 20
    """A full catalogue that would withdraw more of the live products must be confirmed."""
    two_person_approval: bool = False
    failure_rate_alert: float = 0.05
    """From which share of failed rows on somebody is called."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rules:
        """The rules a tenant has set; the others are as above. Raises RulesProblem naming everything that is wrong."""
        known = {camel(each.name): each.name for each in fields(cls)}
        problems = [(str(key)[:64], "is not one of the rules") for key in data if key not in known]
        given: dict[str, Any] = {}
        for key, value in data.items():
            if key in known:
                problem = _CHECKS[key](value)
                problems += [(key, problem)] if problem else []
                given[known[key]] = tuple(value) if isinstance(value, list) else value
        if problems:
            raise RulesProblem("RULES_INVALID", problems)
        rules = cls(**given)
        if rules.min_price > rules.max_price:
            raise RulesProblem("RULES_INVALID", [("minPrice", "is above maxPrice")])
        return rules

    def to_dict(self) -> dict[str, Any]:
        """The rules as plain data; `from_dict` makes the same rules of it."""
        values = {camel(each.name): getattr(self, each.name) for each in fields(self)}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def _integer(least: int, most: int) -> Any:
    def check(value: Any) -> str:
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return "" if good else f"is a whole number from {least} to {most}"

    return check


def _percent(value: Any) -> str:
    return "" if value is None or not _integer(1, 100_000)(value) else "is a percentage above 0, or null"


def _one_of(*choices: str) -> Any:
    return lambda value: "" if value in choices else f"is one of {', '.join(choices)}"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "is true or false"


def _names(value: Any, allowed: Collection[str] | None) -> str:
    if not isinstance(value, list | tuple) or len(value) > 100:
        return "is a list of at most 100 texts"
    if not all(isinstance(each, str) and 0 < len(each) <= 48 and each.isprintable() for each in value):
        return "is a list of texts of 1 to 48 characters"
    return "" if allowed is None or set(value) <= set(allowed) else f"is made of {', '.join(allowed)}"


def _share(value: Any) -> str:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return "" if good else "is a number from 0 to 1"


_CHECKS: Mapping[str, Any] = {
    "minPrice": _integer(0, MOST_MINOR),
    "maxPrice": _integer(0, MOST_MINOR),
    "zeroPrice": _one_of("confirm", "allow", "reject"),
    "priceJumpDownPercent": _percent,
    "priceJumpUpPercent": _percent,
    "dateLikePrice": _flag,
    "maxStock": _integer(0, MOST_THOUSANDTHS),
    "negativeStock": _one_of("reject", "zero"),
    "taxClasses": lambda value: "" if value is None else _names(value, None),
    "required": lambda value: _names(value, FIELDS),
    "nameMax": _integer(1, LONGEST_NAME),
    "unknownBrand": _one_of("reject", "ignore"),
    "fullWithdrawMaxPercent": _integer(0, 100),
    "twoPersonApproval": _flag,
    "failureRateAlert": _share,
}


# ---- a row alone ------------------------------------------------------------------------------------------


def check_row(row: Row, rules: Rules, currency: str, now: int | None = None) -> None:
    """Add to a row the faults that the rules find in it alone. `now` are microseconds, for times in the future."""
    values, faults = row.values, row.faults
    if rules.required:
        _required(row, rules)
    if "price" in values:
        _price(values["price"], faults, rules, currency)
    if "currency" in values and values["currency"] != currency:
        faults.append(fault("WRONG_CURRENCY", "currency", None, values["currency"], currency=currency))
    if "stock" in values:
        _stock(values, faults, rules)
    name = values.get("name")
    if name:
        if len(name) > rules.name_max:
            faults.append(fault("NAME_TOO_LONG", "name", None, name, most=rules.name_max, length=len(name)))
        if name[0] in _INJECTION:
            faults.append(fault("FORMULA_INJECTION", "name", None, name))
    description = values.get("description")
    if description and description[0] in _INJECTION:
        faults.append(fault("FORMULA_INJECTION", "description", None, description))
    if "metadata" in values:
        for key, text in values["metadata"].items():
            if text and text[0] in _INJECTION:
                faults.append(fault("FORMULA_INJECTION", METADATA + key, None, text))
    if rules.tax_classes is not None and "taxClass" in values and values["taxClass"] not in rules.tax_classes:
        choices = ", ".join(rules.tax_classes)
        faults.append(fault("TAX_CLASS_NOT_ALLOWED", "taxClass", None, values["taxClass"], choices=choices))
    if now is not None and values.get("asOf", now) > now + CLOCK_SKEW_MICROS:
        faults.append(fault("AS_OF_IN_FUTURE", "asOf"))


def _required(row: Row, rules: Rules) -> None:
    for name in rules.required:
        if name == "barcode":
            continue
        if row.values.get(name) is None and not any(each.field == name for each in row.faults):
            row.faults.append(fault("REQUIRED_MISSING", name))


def _price(price: int, faults: list[Fault], rules: Rules, currency: str) -> None:
    exponent = money.exponent(currency)
    shown = money.format_decimal(price, exponent)
    if price < 0:
        faults.append(fault("PRICE_NEGATIVE", "price", None, shown))
    elif price == 0 and rules.zero_price != "allow":
        severity = ERROR if rules.zero_price == "reject" else None
        faults.append(fault("PRICE_ZERO", "price", None, shown, severity=severity))
    elif 0 < price < rules.min_price:
        least = money.format_decimal(rules.min_price, exponent)
        faults.append(fault("PRICE_TOO_LOW", "price", None, shown, least=least))
    elif price > rules.max_price:
        most = money.format_decimal(rules.max_price, exponent)
        faults.append(fault("PRICE_TOO_HIGH", "price", None, shown, most=most))
    elif rules.date_like_price and exponent and _is_day(price, 10**exponent):
        faults.append(fault("PRICE_LOOKS_LIKE_DATE", "price", None, shown))


def _is_day(price: int, unit: int) -> bool:
    return _FIRST_DAY * unit <= price <= _LAST_DAY * unit and price % unit == 0


def _stock(values: dict[str, Any], faults: list[Fault], rules: Rules) -> None:
    stock = values["stock"]
    if stock < 0:
        shown = money.format_decimal(stock, 3)
        if rules.negative_stock == "zero":
            values["stock"] = 0
            faults.append(fault("STOCK_NEGATIVE", "stock", None, shown, severity=WARNING))
        else:
            faults.append(fault("STOCK_NEGATIVE", "stock", None, shown))
    elif stock > rules.max_stock:
        most = money.format_decimal(rules.max_stock, 3)
        faults.append(fault("STOCK_TOO_HIGH", "stock", None, money.format_decimal(stock, 3), most=most))


# ---- a row against what is live ---------------------------------------------------------------------------


def check_live(
    row: Row,
    live: Mapping[str, Any] | None,
    rules: Rules,
    *,
    pack_of: str | None = None,
    brands: Collection[str] | None = None,
) -> None:
    """Add to a row the faults that show only against what is live.

    `live` is the store's product of the row's barcode or None, `pack_of` the barcode of another product that has a
    pack with it, `brands` those of the tenant's brands the row could mean (None: not looked up).
    """
    values, faults = row.values, row.faults
    if pack_of is not None:
        faults.append(fault("BARCODE_IN_USE", "barcode", None, row.barcode, other=pack_of))
    brand = values.get("brandId")
    if brand is not None and brands is not None and brand not in brands:
        ignored = rules.unknown_brand == "ignore"
        faults.append(fault("UNKNOWN_BRAND", "brandId", None, brand, severity=WARNING if ignored else None))
        if ignored:
            del values["brandId"]
    stays = live is not None and live["status"] != "deleted"
    before = (live.get("measure") if live is not None and stays else None) or "each"
    measure = values.get("measure", before)
    stock = values.get("stock")
    if stock is not None and measure == "each" and stock % 1000:
        faults.append(fault("STOCK_NOT_WHOLE", "stock", None, money.format_decimal(stock, 3)))
    if not stays and values.get("name") is None and not any(each.field == "name" for each in faults):
        faults.append(fault("NAME_NEEDED_FOR_NEW", "name"))
    if live is None:
        return
    if not stays:
        faults.append(fault("DELETED_PRODUCT_RETURNS", "", None, row.barcode))
    elif measure != before:
        faults.append(fault("MEASURE_CHANGED", "measure", None, measure, before=before, after=measure))
    _against(row, live, rules)


def _against(row: Row, live: Mapping[str, Any], rules: Rules) -> None:
    price, standing = row.values.get("price"), live.get("price")
    if price is not None and standing is not None:
        if live["status"] != "deleted" and _jumps(standing["amount"], price, rules):
            before, after = (money.format_money(each, standing["currency"]) for each in (standing["amount"], price))
            row.faults.append(fault("PRICE_JUMP", "price", None, after, before=before, after=after))
        if _is_newer(standing, row):
            row.faults.append(fault("PRICE_OLDER_THAN_LIVE", "price"))
    counted = live.get("stock")
    if row.values.get("stock") is not None and counted is not None and _is_newer(counted, row):
        row.faults.append(fault("STOCK_OLDER_THAN_LIVE", "stock"))


def _jumps(before: int, after: int, rules: Rules) -> bool:
    if before <= 0 or after < 0:
        return False
    down, up = rules.price_jump_down_percent, rules.price_jump_up_percent
    if after < before:
        return down is not None and (before - after) * 100 > down * before
    return up is not None and (after - before) * 100 > up * before


def _is_newer(standing: Mapping[str, Any], row: Row) -> bool:
    as_of = row.values.get("asOf")
    return as_of is not None and (standing.get("w") or {}).get("t", 0) > as_of


# ---- the import as a whole --------------------------------------------------------------------------------


def duplicate(row_barcode: str | None, other_lines: Collection[int]) -> Fault:
    """What each of the rows gets that share a barcode: the lines of the others."""
    few = sorted(other_lines)[:10]
    lines = ", ".join(map(str, few)) + (" and others" if len(other_lines) > len(few) else "")
    return fault("DUPLICATE_IN_FILE", "barcode", None, row_barcode, lines=lines)


def check_full(withdrawn: int, live: int, unreadable: int, rules: Rules) -> list[Fault]:
    """What must be confirmed before a full catalogue withdraws: too many products, or any while some rows of the
    file have no readable barcode and may be just those products."""
    faults = []
    if withdrawn * 100 > rules.full_withdraw_max_percent * live:
        faults.append(fault("FULL_WITHDRAWS_MANY", "", withdrawn=withdrawn, live=live))
    if withdrawn and unreadable:
        faults.append(fault("FULL_HAS_UNREADABLE_ROWS", "", rows=unreadable))
    return faults
