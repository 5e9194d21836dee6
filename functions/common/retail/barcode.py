"""GTINs as numbers: check digits, the canonical form products are stored under, and restricted prefixes.

The canonical form of a GTIN is a bijection on its 14-digit padded form: 8 digits when the first six of the
fourteen are zeros, else 13 digits when the first is a zero, else all 14. So the same product scanned as
UPC-A, UPC-E, EAN-13 or GTIN-14 is looked up under one key.
"""

from __future__ import annotations

from enum import StrEnum

GTIN_LENGTHS = frozenset({8, 12, 13, 14})


class Reason(StrEnum):
    """The stable codes of what can be wrong with a scanned code."""

    EMPTY = "EMPTY"
    TOO_LONG = "TOO_LONG"
    BAD_LENGTH = "BAD_LENGTH"
    CHECK_DIGIT = "CHECK_DIGIT"
    VERIFIER_DIGIT = "VERIFIER_DIGIT"
    UNKNOWN_AI = "UNKNOWN_AI"
    BAD_AI_DATA = "BAD_AI_DATA"
    DUPLICATE_AI = "DUPLICATE_AI"
    AI_ASSOCIATION = "AI_ASSOCIATION"
    BAD_LINK = "BAD_LINK"
    NO_PRODUCT = "NO_PRODUCT"
    UNSUPPORTED_SYMBOL = "UNSUPPORTED_SYMBOL"


class InvalidCode(ValueError):
    """A scanned code that cannot be used: `code` is stable, `message` is for the developer reading a log."""

    def __init__(self, code: Reason, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Circulation(StrEnum):
    """Where the number of a GTIN means something."""

    GLOBAL = "global"
    IN_STORE = "in_store"  # restricted circulation: 02, 20-29, and GTIN-8s that begin with 0 or 2
    COMPANY = "company"  # 04: a company's own numbers
    COUPON = "coupon"  # 05 and 98-99


BY_PREFIX = {
    "02": Circulation.IN_STORE,
    **{str(prefix): Circulation.IN_STORE for prefix in range(20, 30)},
    "04": Circulation.COMPANY,
    "05": Circulation.COUPON,
    "98": Circulation.COUPON,
    "99": Circulation.COUPON,
}


def is_digits(text: str) -> bool:
    """Whether text is one or more ASCII digits. `str.isdigit` alone accepts Arabic digits too."""
    return text.isascii() and text.isdigit()


def check_digit(body: str) -> str:
    """The GS1 check digit that follows the given digits (any length): weights 3, 1, 3, ... from the right."""
    data = body.encode("ascii")
    total = 3 * sum(data[-1::-2]) + sum(data[-2::-2])
    # Every byte carries the 48 of ASCII "0" with its weight: taken off once, for the whole sum.
    total -= 48 * (3 * ((len(data) + 1) // 2) + len(data) // 2)
    return str(-total % 10)


def has_valid_check_digit(digits: str) -> bool:
    """Whether the last digit is the check digit of the others; digits must be ASCII digits."""
    return check_digit(digits[:-1]) == digits[-1]


def canonical(gtin: str) -> str:
    """The one form a GTIN of 8, 12, 13 or 14 digits is stored and looked up under.

    Raises InvalidCode: EMPTY, UNSUPPORTED_SYMBOL (not digits), BAD_LENGTH or CHECK_DIGIT.
    Eight digits are read as a GTIN-8; a UPC-E must be expanded first (`expand_upc_e`).
    """
    if not gtin:
        raise InvalidCode(Reason.EMPTY, "The barcode is empty.")
    if not is_digits(gtin):
        raise InvalidCode(Reason.UNSUPPORTED_SYMBOL, "A GTIN is made of the digits 0 to 9 only.")
    if len(gtin) not in GTIN_LENGTHS:
        raise InvalidCode(Reason.BAD_LENGTH, f"A GTIN has 8, 12, 13 or 14 digits, not {len(gtin)}.")
    if not has_valid_check_digit(gtin):
        raise wrong_check_digit(gtin)
    return shorten(gtin.zfill(14))


def shorten(padded: str) -> str:
    """The canonical form of 14 padded digits; the inverse is `zfill(14)`. Nothing is checked."""
    if padded[0] != "0":
        return padded
    if padded.startswith("000000"):
        return padded[6:]
    return padded[1:]


def wrong_check_digit(digits: str) -> InvalidCode:
    """The error for digits whose last one is wrong, saying which one would be right."""
    right = check_digit(digits[:-1])
    return InvalidCode(Reason.CHECK_DIGIT, f"The check digit of {digits} should be {right}.")


def expand_upc_e(code: str) -> str | None:
    """The UPC-A (12 digits) behind 8 digits of UPC-E, or None when they are not a UPC-E.

    Eight digits: number system (0 or 1), six digits, check digit (of the UPC-A).
    """
    if len(code) != 8 or not is_digits(code) or code[0] not in "01":
        return None
    body, last = code[1:7], code[6]
    if last in "012":
        number = body[:2] + last + "0000" + body[2:5]
    elif last == "3":
        number = body[:3] + "00000" + body[3:5]
    elif last == "4":
        number = body[:4] + "00000" + body[4]
    else:
        number = body[:5] + "0000" + last
    upc_a = code[0] + number + code[7]
    return upc_a if has_valid_check_digit(upc_a) else None


def circulation(code: str) -> Circulation:
    """Where a canonical code means something. Only GLOBAL codes name the same product in every store.

    A GTIN-14 is a case or a weighed trade item of a company: GLOBAL.
    """
    if len(code) == 13:
        return BY_PREFIX.get(code[:2], Circulation.GLOBAL)
    if len(code) == 8 and code[0] in "02":
        return Circulation.IN_STORE
    return Circulation.GLOBAL
