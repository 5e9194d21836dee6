"""Numbers as people and programs write them into files, read digit by digit: no float, no Decimal, no guessing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Literal

Style = Literal[".", ",", "auto"]
Reader = Callable[[str], int]


class Reason(StrEnum):
    """Why a text is not the number that was asked for."""

    NOT_A_NUMBER = "NOT_A_NUMBER"
    TOO_MANY_DECIMALS = "TOO_MANY_DECIMALS"
    AMBIGUOUS = "AMBIGUOUS"
    DECIMAL_SIGN = "DECIMAL_SIGN"
    IS_A_DATE = "IS_A_DATE"
    SCIENTIFIC = "SCIENTIFIC"
    WITH_UNIT = "WITH_UNIT"


class NotANumber(ValueError):
    """The text is not a number, or not one of so many decimals."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


# Only [0-9]: \d and int() also take Arabic and other digits. The first group of a grouped number does not begin with
# 0, so that 0.125 is a decimal number in either style. At most 15 digits: exact in 64 bits, with three decimals too.
_BLANKS = " \u00a0\u2009\u202f'\u2019"
_WHOLE = (
    r"(-?)([0-9]{{1,15}}|[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}}){{1,4}}|[1-9][0-9]{{0,2}}(?:["
    + _BLANKS
    + r"][0-9]{{3}}){{1,4}})"
)
_PATTERN = {
    ".": re.compile(_WHOLE.format(sign=",") + r"(?:\.([0-9]{1,15}))?"),
    ",": re.compile(_WHOLE.format(sign=r"\.") + r"(?:,([0-9]{1,15}))?"),
}
_GROUPING = dict.fromkeys(map(ord, _BLANKS + ".,"))

_MONTH = r"(?:jan|feb|m[aä]r|apr|ma[iyj]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]{0,6}"
_DATE = re.compile(
    rf"[0-9]{{1,2}}[./ -]{{1,2}}{_MONTH}\.?(?:[./ -]{{1,2}}[0-9]{{2,4}})?"
    rf"|{_MONTH}[./ -]{{1,2}}[0-9]{{1,4}}"
    r"|[0-9]{1,2}/[0-9]{1,2}"
    r"|[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{1,4}(?:[ T][0-9:.]{4,16}Z?)?",
    re.IGNORECASE,
)
_SCIENTIFIC = re.compile(r"-?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]{1,3}")
_LONGEST_UNIT = 5


def reader(style: Style, places: int) -> Reader:
    """What reads a number of this style as an integer of 10**-places; it raises NotANumber.

    "." and "," are decimal signs; the other one, a blank or an apostrophe may separate groups of three digits.
    "auto" reads what is the same number in both styles or a number in one of them only, and calls the rest
    ambiguous. Decimals beyond `places` must be zeros.
    """
    if style == "auto":
        return _either(places)
    match = _PATTERN[style].fullmatch

    def read(text: str) -> int:
        found = match(text)
        if found is None:
            raise NotANumber(_reason(text, style))
        return _integer(found, places)

    return read


def _either(places: int) -> Reader:
    point, comma = _PATTERN["."].fullmatch, _PATTERN[","].fullmatch

    def read(text: str) -> int:
        one, other = point(text), comma(text)
        if one is None or other is None:
            found = one or other
            if found is None:
                raise NotANumber(_reason(text, "auto"))
            return _integer(found, places)
        if one[3] is not None or other[3] is not None:
            # Both styles can read it and one of them sees decimals: 1.234 is a thousand to some.
            raise NotANumber(Reason.AMBIGUOUS)
        return _integer(one, places)

    return read


def _integer(found: re.Match[str], places: int) -> int:
    sign, whole, fraction = found.groups("")
    if len(fraction) > places:
        if fraction[places:].strip("0"):
            raise NotANumber(Reason.TOO_MANY_DECIMALS)
        fraction = fraction[:places]
    if not whole.isdigit():
        whole = whole.translate(_GROUPING)
    return int(sign + whole + fraction.ljust(places, "0"))


def _reason(text: str, style: Style) -> Reason:
    text = text[:64]
    if _DATE.fullmatch(text):
        return Reason.IS_A_DATE
    if is_scientific(text):
        return Reason.SCIENTIFIC
    if style != "auto" and _PATTERN["," if style == "." else "."].fullmatch(text):
        return Reason.DECIMAL_SIGN
    bare = _without_unit(text)
    if bare and any(pattern.fullmatch(bare) for pattern in _PATTERN.values()):
        return Reason.WITH_UNIT
    return Reason.NOT_A_NUMBER


def is_scientific(text: str) -> bool:
    """Whether a spreadsheet has written the number with a power of ten, as in 4,00638E+12."""
    return _SCIENTIFIC.fullmatch(text) is not None


def _without_unit(text: str) -> str:
    """The text without the letters and signs of a unit at either end, "" when there are none."""
    start, end = 0, len(text)
    while start < min(end, _LONGEST_UNIT) and _of_unit(text[start]):
        start += 1
    while end > max(start, len(text) - _LONGEST_UNIT) and _of_unit(text[end - 1]):
        end -= 1
    return text[start:end] if any(map(_is_sign, text[:start] + text[end:])) else ""


def _of_unit(char: str) -> bool:
    return char in " \u00a0." or _is_sign(char)


def _is_sign(char: str) -> bool:
    return char.isalpha() or unicodedata.category(char) == "Sc"
