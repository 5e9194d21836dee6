"""The one way in: whatever a scanner read, to the product codes to look up and what the label said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from functions.common.retail.barcode import (
    BY_PREFIX,
    GTIN_LENGTHS,
    Circulation,
    InvalidCode,
    Reason,
    circulation,
    expand_upc_e,
    has_valid_check_digit,
    is_digits,
    shorten,
    wrong_check_digit,
)
from functions.common.retail.digital_link import is_link, parse_link
from functions.common.retail.gs1 import Elements, Problem, Severity, parse_bracketed, parse_element_string
from functions.common.retail.gs1_label import label_of, trade_item
from functions.common.retail.gs1_table import AI_LENGTHS, GS
from functions.common.retail.labels import ASK_QUANTITY, NOTHING, Label, Template, read_label

MAX_LENGTH = 512
"""Characters of symbol content; a QR code could hold more, a product code never does."""


class Kind(StrEnum):
    GTIN = "gtin"
    UPC_E = "upc_e"
    VARIABLE_MEASURE = "variable_measure"
    GS1 = "gs1"
    DIGITAL_LINK = "digital_link"
    INTERNAL = "internal"  # a number that means something in this store or company only
    COUPON = "coupon"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a code is. `lookup` are canonical barcodes to look up, in that order, the first that exists wins;
    it is empty for a GS1 coupon. `warnings` do not stop a sale by themselves."""

    kind: Kind
    lookup: tuple[str, ...]
    label: Label = NOTHING
    warnings: tuple[Problem, ...] = ()


# Precomputed for the hot path: the kind of a 13-digit code whose first two digits are not global.
_KINDS = {
    Circulation.GLOBAL: Kind.GTIN,
    Circulation.IN_STORE: Kind.INTERNAL,
    Circulation.COMPANY: Kind.INTERNAL,
    Circulation.COUPON: Kind.COUPON,
}
_GTIN = Kind.GTIN
_KIND_BY_PREFIX = {prefix: _KINDS[where] for prefix, where in BY_PREFIX.items()}

# Symbology identifiers of carriers whose content is GS1 element strings (after FNC1).
_GS1_SYMBOLS = frozenset({"C1", "e0", "d2", "Q3", "J1"})
_BLANKS = " \t\r\n"  # what keyboard scanners add; str.strip() would also take the GS
_FNC1 = GS + "\xe8"  # some decoders hand a leading FNC1 on as code word 232
_AMBIGUOUS = Problem(
    Severity.WARNING,
    "EIGHT_DIGITS",
    "",
    "These digits are both an EAN-8 and a UPC-E; the EAN-8 is looked up first. Send ]E4 or ]E0 in front.",
)


def resolve(raw: str, templates: Sequence[Template] = (), *, today: date | None = None) -> Resolved:
    """Read the raw content of a symbol (at most 512 characters).

    `templates` are the store's in-store labels; `today` is the store's date, used for the century of
    two-digit years (without it they are in 2000-2099). Raises InvalidCode with a stable code.
    """
    if len(raw) in GTIN_LENGTHS and raw.isdigit() and raw.isascii():
        return _number(raw, templates)
    if len(raw) > MAX_LENGTH:
        raise InvalidCode(Reason.TOO_LONG, f"A code has at most {MAX_LENGTH} characters, not {len(raw)}.")
    text = raw.strip(_BLANKS)
    if not text:
        raise InvalidCode(Reason.EMPTY, "The code is empty.")
    if text[0] == "]" and len(text) >= 3:
        return _identified(text[1:3], text[3:], templates, today)
    return _guessed(text, templates, today)


def _number(digits: str, templates: Sequence[Template]) -> Resolved:
    """A GTIN of 8, 12, 13 or 14 digits. This is the hot path: a till scans little else."""
    if len(digits) == 8:
        return _eight(digits)
    padded = digits.zfill(14)
    data = padded.encode()
    # Weights 3, 1, 3, ... over bytes: the 48 of every ASCII digit adds 48 * 28, which ends in 4.
    if (3 * sum(data[::2]) + sum(data[1::2])) % 10 != 4:
        raise wrong_check_digit(digits)
    if padded[0] != "0":
        return Resolved(_GTIN, (padded,), ASK_QUANTITY if padded[0] == "9" else NOTHING)
    code = padded[1:]
    if templates:
        read = read_label(code, templates)
        if read is not None:
            return Resolved(Kind.VARIABLE_MEASURE, (read[0],), read[1])
    if code.startswith("00000"):
        code = code[5:]
        return Resolved(_KINDS[circulation(code)], (code,))
    return Resolved(_KIND_BY_PREFIX.get(code[:2], _GTIN), (code,))


def _eight(digits: str, *, ean: bool = True, upc: bool = True) -> Resolved:
    """An EAN-8 or a UPC-E, whichever has the right check digit; EAN-8 first when both have.

    EAN-8 first, so that a canonical barcode of ours always finds itself again.
    """
    is_ean = ean and has_valid_check_digit(digits)
    upc_a = expand_upc_e(digits) if upc else None
    expanded = () if upc_a is None else (shorten(upc_a.zfill(14)),)
    if is_ean:
        kind = _KINDS[circulation(digits)]
        if not expanded or expanded == (digits,):
            return Resolved(kind, (digits,))
        return Resolved(kind, (digits, *expanded), warnings=(_AMBIGUOUS,))
    if expanded:
        return Resolved(Kind.UPC_E, expanded)
    raise wrong_check_digit(digits)


def _identified(mark: str, text: str, templates: Sequence[Template], today: date | None) -> Resolved:
    """Content behind a symbology identifier such as ]C1, which says what the scanner saw."""
    if not text:
        raise InvalidCode(Reason.EMPTY, "There is nothing behind the symbology identifier.")
    if mark in _GS1_SYMBOLS and not is_link(text):
        return _gs1(parse_element_string(text.lstrip(_FNC1)), Kind.GS1, today)
    if mark == "E3" and len(text) in (15, 18):
        text = text[:13]  # an EAN-13 with a 2 or 5 digit add-on (the issue of a magazine)
    if mark[0] == "E" and len(text) == 8 and is_digits(text):
        return _eight(text, ean=mark != "E0", upc=mark != "E4")
    return _guessed(text, templates, today)


def _guessed(text: str, templates: Sequence[Template], today: date | None) -> Resolved:
    """Content of which nobody said what it is: most cameras, and labels without their FNC1."""
    if is_digits(text):
        if len(text) in GTIN_LENGTHS:
            return _number(text, templates)
        if len(text) < 16:  # the shortest element string that names a product is 01 and 14 digits
            raise InvalidCode(Reason.BAD_LENGTH, f"A GTIN has 8, 12, 13 or 14 digits, not {len(text)}.")
    if is_link(text):
        return _gs1(parse_link(text), Kind.DIGITAL_LINK, today)
    if text[0] == "(":
        return _gs1(parse_bracketed(text), Kind.GS1, today)
    if text[0] in _FNC1 or text[:2] in AI_LENGTHS:
        return _gs1(parse_element_string(text.lstrip(_FNC1)), Kind.GS1, today)
    raise InvalidCode(Reason.UNSUPPORTED_SYMBOL, "This is neither a GTIN nor GS1 data nor a Digital Link.")


def _gs1(elements: Elements, kind: Kind, today: date | None) -> Resolved:
    values = elements.values
    for problem in elements.problems:
        if problem.severity is Severity.REJECT:
            raise InvalidCode(Reason.AI_ASSOCIATION, problem.message)
    label = label_of(values, source=kind.value, today=today)
    gtin = trade_item(values)
    if gtin is not None:
        return Resolved(kind, (shorten(gtin),), label, elements.problems)
    if label.coupon is not None:
        return Resolved(Kind.COUPON, (), label, elements.problems)
    raise InvalidCode(Reason.NO_PRODUCT, "The GS1 data name no product: AI 01 is missing.")
