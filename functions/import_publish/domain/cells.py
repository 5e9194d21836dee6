"""One cell: the text as it came to the value as it is stored, or a code that says why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, Final

from functions.common.retail import barcode
from functions.common.retail.currencies import EXPONENTS
from functions.import_publish.domain import moments, numbers
from functions.import_publish.domain.fields import (
    LONGEST_METADATA,
    LONGEST_NAME,
    LONGEST_PROSE,
    LONGEST_URL,
    STOCK_UNITS,
    Field,
    Kind,
    field_of,
)
from functions.import_publish.domain.profiles import Profile
from functions.import_publish.domain.prose import from_html

Convert = Callable[[str], Any]

BLANKS = " \u00a0\u3000\ufeff"
"""What is taken off both ends of a cell. Tabs and line breaks are not: they are somebody's mistake or trick."""


class _Empty:
    """The cell turned out to hold nothing."""


EMPTY: Final = _Empty()

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_PROSE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")
_LONGEST_SLUG = 48
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "&": " and "}
)
_URL = re.compile(r"https://[^\s\x00-\x20\x7f-\x9f\ud800-\udfff]+")
_AGE = re.compile(r"([0-9]{1,2})\+?")
_POINT_ZERO = re.compile(r"[0-9]{8,14}[.,]0+")
_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)
_YES = frozenset({"true", "1", "yes", "y", "x", "ja", "j", "wahr", "sí", "si", "sann", "sant"})
_NO = frozenset({"false", "0", "no", "n", "nein", "falsch", "nej", "falskt", "-"})


class Refused(ValueError):
    """The cell cannot be read: a code of the table, and what its sentence needs to know."""

    def __init__(self, code: str, **known: Any) -> None:
        super().__init__(code)
        self.code = code
        self.known = known


def converter(name: str, profile: Profile, currency: str, zone: tzinfo) -> Convert:
    """What turns a cell of a field that is not empty into a value; it raises Refused, or returns EMPTY for nothing.

    `currency` is the store's, `zone` is where times without an offset are.
    """
    field = field_of(name)
    convert = _plain(name, field, profile, currency, zone)
    if name in profile.html:
        convert = _from_html(convert)
    words = profile.words.get(name)
    return _worded(convert, words) if words else convert


def _plain(name: str, field: Field, profile: Profile, currency: str, zone: tzinfo) -> Convert:
    match field.kind:
        case "barcode":
            return _barcode(profile.text_marks, profile.restore_zeros)
        case "price":
            return _number("PRICE", profile.decimal, EXPONENTS[currency] if profile.price_unit == "major" else 0)
        case "stock":
            return _number("STOCK", profile.decimal, STOCK_UNITS[profile.stock_unit])
        case "moment":
            return _moment(profile.dates, zone)
        case "choice":
            return _choice(field.choices)
        case "slug":
            return _slugified if name in profile.slugify else _slug
        case _:
            return _SIMPLE[field.kind]


def _worded(convert: Convert, words: Mapping[str, str]) -> Convert:
    def read(text: str) -> Any:
        word = words.get(text.casefold(), text)
        return convert(word) if word else EMPTY

    return read


def _from_html(convert: Convert) -> Convert:
    def read(text: str) -> Any:
        plain = from_html(text)
        return convert(plain) if plain else EMPTY

    return read


def _number(prefix: str, style: numbers.Style, places: int) -> Convert:
    read = numbers.reader(style, places)
    sign = "a comma" if style == "," else "a point"

    def convert(text: str) -> int:
        try:
            return read(text)
        except numbers.NotANumber as problem:
            raise Refused(f"{prefix}_{problem.reason}", places=places, sign=sign) from None

    return convert


def _moment(forms: tuple[str, ...], zone: tzinfo) -> Convert:
    read = moments.reader(forms, zone)

    def convert(text: str) -> int:
        try:
            return read(text)
        except moments.NotATime:
            raise Refused("AS_OF_NOT_A_TIME") from None

    return convert


def _barcode(text_marks: bool, restore_zeros: bool) -> Convert:
    def convert(text: str) -> str:
        if text_marks:
            text = _without_marks(text)
        try:
            code = barcode.canonical(text)
        except barcode.InvalidCode as problem:
            code = _second_reading(text, problem, restore_zeros)
        if code == "00000000":
            raise Refused("BARCODE_ZEROS")
        return code

    return convert


def _without_marks(text: str) -> str:
    """A barcode without what spreadsheets are told with that it is text: an apostrophe, a tab or ="..."."""
    formula = _FORMULA_TEXT.fullmatch(text)
    if formula:
        text = formula[1]
    return text.lstrip("'\t").strip("\t" + BLANKS)


def _second_reading(text: str, problem: barcode.InvalidCode, restore_zeros: bool) -> str:
    """What else the text can be: a UPC-E, or a code without its leading zeros. Raises Refused with the reason."""
    if problem.code is barcode.Reason.CHECK_DIGIT:
        upc_a = barcode.expand_upc_e(text)
        if upc_a is not None:
            return barcode.canonical(upc_a)
        raise Refused("BARCODE_CHECK_DIGIT", right=barcode.check_digit(text[:-1]))
    if problem.code is barcode.Reason.BAD_LENGTH:
        whole = text.zfill(8 if len(text) < 8 else 12)
        if 6 < len(text) < 12 and barcode.has_valid_check_digit(whole):
            if restore_zeros:
                return barcode.canonical(whole)
            raise Refused("BARCODE_LOST_ZEROS", whole=whole)
        raise Refused("BARCODE_LENGTH", length=len(text))
    raise Refused(_no_digits(text))


def _no_digits(text: str) -> str:
    head = text[:64]
    if numbers.is_scientific(head) or _POINT_ZERO.fullmatch(head):
        return "BARCODE_MANGLED_BY_SPREADSHEET"
    if head and barcode.is_digits(_without_marks(head)):
        return "BARCODE_TEXT_MARK"
    return "BARCODE_NOT_DIGITS" if head else "BARCODE_MISSING"


def _line(text: str) -> str:
    if not text.isprintable() and _CONTROL.search(text):
        raise Refused("CONTROL_CHARACTERS")
    if len(text) > LONGEST_NAME:
        raise Refused("TEXT_TOO_LONG", most=LONGEST_NAME, length=len(text))
    return text


def _prose(most: int) -> Convert:
    def convert(text: str) -> str:
        if not text.isprintable() and _CONTROL_IN_PROSE.search(text):
            raise Refused("CONTROL_CHARACTERS")
        if len(text) > most:
            raise Refused("TEXT_TOO_LONG", most=most, length=len(text))
        return text

    return convert


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise Refused("SLUG_INVALID")
    return text


def _slugified(text: str) -> str:
    if _SLUG.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    slug = _NOT_SLUG.sub("-", "".join(char for char in plain if not unicodedata.combining(char)))
    return _slug(slug.strip("-")[:_LONGEST_SLUG].rstrip("-"))


def _choice(choices: tuple[str, ...]) -> Convert:
    def convert(text: str) -> str:
        word = text.casefold()
        if word not in choices:
            raise Refused("NOT_A_CHOICE", choices=", ".join(choices))
        return word

    return convert


def _flag(text: str) -> bool:
    word = text.casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Refused("NOT_A_CHOICE", choices="true, false")


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise Refused("IMAGE_URL_INVALID")
    if len(text) > LONGEST_URL:
        raise Refused("TEXT_TOO_LONG", most=LONGEST_URL, length=len(text))
    return text


def _age(text: str) -> int | None:
    found = _AGE.fullmatch(text)
    if found is None:
        raise Refused("AGE_INVALID")
    return int(found[1]) or None


def _currency(text: str) -> str:
    code = text.upper()
    if code not in EXPONENTS:
        raise Refused("CURRENCY_UNKNOWN")
    return code


_SIMPLE: Mapping[Kind, Convert] = {
    "name": _line,
    "prose": _prose(LONGEST_PROSE),
    "text": _prose(LONGEST_METADATA),
    "flag": _flag,
    "url": _url,
    "age": _age,
    "currency": _currency,
}
