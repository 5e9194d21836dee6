"""What GS1 elements mean at the till: elements in, a label out. Checked elements only (see gs1.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time

from functions.common.retail.barcode import InvalidCode, Reason
from functions.common.retail.gs1 import read_date
from functions.common.retail.labels import Label
from functions.common.retail.money import divide

# Family of a net measure -> what it measures and the unit it is printed in, as numerator / 10**decimals of
# the unit we count in (kg, l, m, m2). Exact definitions of the international pound, inch and US gallon.
_MEASURES: Mapping[str, tuple[str, int, int]] = {
    "310": ("weight", 1, 0),
    "320": ("weight", 45359237, 8),  # pound
    "356": ("weight", 311034768, 10),  # troy ounce
    "315": ("volume", 1, 0),
    "316": ("volume", 1000, 0),  # cubic metre
    "357": ("volume", 295735295625, 13),  # US fluid ounce
    "360": ("volume", 946352946, 9),  # US quart
    "361": ("volume", 3785411784, 9),  # US gallon
    "364": ("volume", 16387064, 9),  # cubic inch
    "365": ("volume", 28316846592, 9),  # cubic foot
    "366": ("volume", 764554857984, 9),  # cubic yard
    "311": ("length", 1, 0),
    "321": ("length", 254, 4),  # inch
    "322": ("length", 3048, 4),  # foot
    "323": ("length", 9144, 4),  # yard
    "314": ("area", 1, 0),
    "350": ("area", 64516, 8),  # square inch
    "351": ("area", 9290304, 8),  # square foot
    "352": ("area", 83612736, 8),  # square yard
}
_RANK = {"weight": 0, "volume": 1, "length": 2, "area": 3}


def trade_item(values: Mapping[str, str]) -> str | None:
    """The GTIN-14 of the thing at hand: AI 01, made to order (03), or the item a piece belongs to (8006)."""
    for ai in ("01", "03", "8006"):
        if ai in values:
            return values[ai][:14]
    return None


def label_of(values: Mapping[str, str], *, source: str, today: date | None) -> Label:
    """The label that GS1 elements make up; a measure, count or price of zero counts as not filled in.

    Raises InvalidCode BAD_AI_DATA for a date that does not exist in its century, or more than 100 % off.
    """
    measure, quantity = _measured(values)
    count = int(values.get("30", "0"))
    price, price_decimals, price_currency, price_source = _price(values)
    unit_price, unit_price_decimals = _unit_price(values)
    use_by, use_by_time = _use_by(values, today)
    gtin = trade_item(values) or ""
    return Label(
        source=source,
        measure=measure,
        quantity=quantity,
        count=count or None,
        price=price,
        price_decimals=price_decimals,
        price_currency=price_currency,
        price_source=price_source,
        unit_price=unit_price,
        unit_price_decimals=unit_price_decimals,
        percent_off=_percent_off(values),
        lot=values.get("10"),
        serial=values.get("21"),
        produced=_date(values, "11", today),
        packed=_date(values, "13", today),
        best_before=_date(values, "15", today),
        sell_by=_date(values, "16", today),
        use_by=use_by,
        use_by_time=use_by_time,
        coupon=values.get("255") or values.get("8110") or values.get("8112"),
        # Indicator 9 says that every item has a measure of its own.
        ask_quantity=gtin.startswith("9") and quantity is None and not count,
        elements=tuple(values.items()),
    )


def _of(values: Mapping[str, str], family: str) -> Iterator[tuple[str, int, str]]:
    """The elements of one family, with the decimals in the last digit of the AI."""
    return ((ai, int(ai[3]), data) for ai, data in values.items() if len(ai) == 4 and ai.startswith(family))


def _measured(values: Mapping[str, str]) -> tuple[str | None, int | None]:
    """The net measure and its thousandths; weight before volume, length and area when there are several."""
    found = [
        (_RANK[_MEASURES[ai[:3]][0]], ai, data)
        for ai, data in values.items()
        if len(ai) == 4 and ai[:3] in _MEASURES and int(data)
    ]
    if not found:
        return None, None
    _, ai, data = min(found)
    measure, numerator, decimals = _MEASURES[ai[:3]]
    return measure, divide(int(data) * numerator * 1000, 10 ** (decimals + int(ai[3])))


def _price(values: Mapping[str, str]) -> tuple[int | None, int, str | None, str]:
    for ai, decimals, data in _of(values, "392"):
        if int(data):
            return int(data), decimals, None, ai
    for ai, decimals, data in _of(values, "393"):
        if int(data[3:]):
            return int(data[3:]), decimals, data[:3], ai
    return None, 0, None, ""


def _unit_price(values: Mapping[str, str]) -> tuple[int | None, int]:
    for _, decimals, data in _of(values, "395"):
        if int(data):
            return int(data), decimals
    return None, 0


def _percent_off(values: Mapping[str, str]) -> int | None:
    for ai, decimals, data in _of(values, "394"):
        percent = int(data) * 10 ** (3 - decimals)
        if percent > 100_000:
            raise InvalidCode(Reason.BAD_AI_DATA, f"AI {ai} says more than 100 % off.")
        return int(percent)
    return None


def _date(values: Mapping[str, str], ai: str, today: date | None) -> date | None:
    data = values.get(ai)
    return None if data is None else read_date(data, today)


def _use_by(values: Mapping[str, str], today: date | None) -> tuple[date | None, time | None]:
    """The earlier one of AI 17 (a day) and AI 7003 (a minute of a day)."""
    day, moment = _date(values, "17", today), values.get("7003")
    if moment is None:
        return day, None
    exact = read_date(moment[:6], today)
    if day is not None and day < exact:
        return day, None
    return exact, time(int(moment[6:8]), int(moment[8:]))
