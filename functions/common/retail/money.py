"""Money as integers: minor units of an ISO 4217 currency, quantities in thousandths, one place that rounds.

No float ever holds money here: text is read digit by digit and every division goes through `divide`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from functions.common.retail.currencies import BY_NUMBER, EXPONENTS, NUMBERS

# At most 15 digits in all: such an amount is exact in 64-bit integers, in BSON and in JavaScript alike.
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,15}))?")
MAX_DIGITS = 15


class Rounding(StrEnum):
    """What happens to an exact half. Anything else goes to the nearer side."""

    HALF_EVEN = "half_even"
    HALF_UP = "half_up"  # away from zero
    HALF_DOWN = "half_down"  # towards zero


def exponent(currency: str) -> int:
    """How many decimals a currency has. Raises ValueError for a code that is not an ISO 4217 currency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code.") from None


def currency_of_number(number: str) -> str | None:
    """The alphabetic code of an ISO 4217 number such as "978", or None."""
    return BY_NUMBER.get(number)


def is_currency_number(number: str, currency: str) -> bool:
    """Whether an ISO 4217 number printed on a label names this currency."""
    return NUMBERS.get(currency) == number


def parse_decimal(text: str, places: int) -> int:
    """Read a decimal number such as "-12.5" as an integer of 10**-places (thousandths: places=3).

    Only ASCII digits, one optional minus, one optional point: no exponent, no grouping, no sign +, no leading
    zeros. Raises ValueError for anything else, for more decimals than places and for more than 15 digits.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError('A decimal number is written with digits and one point, such as "12.99".')
    sign, whole, fraction = found[1], found[2], found[3] or ""
    if len(fraction) > places:
        raise ValueError(f"At most {places} decimals are possible here, not {len(fraction)}.")
    if len(whole) + places > MAX_DIGITS:
        raise ValueError(f"The number is too large: {MAX_DIGITS} digits with its decimals is the most.")
    amount = int(whole + fraction.ljust(places, "0"))
    return -amount if sign else amount


def parse_money(text: str, currency: str) -> int:
    """Read an amount such as "12.99" as minor units. Raises as `parse_decimal` and `exponent` do."""
    return parse_decimal(text, exponent(currency))


def format_decimal(amount: int, places: int) -> str:
    """Write an integer of 10**-places as a decimal number; `parse_decimal` reads it back."""
    digits = str(abs(amount)).rjust(places + 1, "0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def format_money(minor: int, currency: str) -> str:
    """Write minor units as an amount such as "12.99". Raises ValueError for an unknown currency."""
    return format_decimal(minor, exponent(currency))


def divide(dividend: int, divisor: int, rounding: Rounding = Rounding.HALF_EVEN) -> int:
    """The quotient as an integer: the one place where amounts are rounded. The divisor must be positive."""
    if divisor <= 0:
        raise ValueError("Amounts are divided by positive numbers only.")
    quotient, rest = divmod(abs(dividend), divisor)
    twice = 2 * rest
    if twice > divisor or (twice == divisor and _half_goes_up(quotient, rounding)):
        quotient += 1
    return -quotient if dividend < 0 else quotient


def _half_goes_up(quotient: int, rounding: Rounding) -> bool:
    if rounding is Rounding.HALF_EVEN:
        return quotient % 2 == 1
    return rounding is Rounding.HALF_UP


def times_thousandths(amount: int, thousandths: int, rounding: Rounding = Rounding.HALF_EVEN) -> int:
    """An amount per unit times a quantity in thousandths of that unit, rounded once."""
    return divide(amount * thousandths, 1000, rounding)


def rescale(amount: int, decimals: int, to: int, rounding: Rounding = Rounding.HALF_EVEN) -> int:
    """The same number written with another count of decimals: 1299 of 2 decimals is 12990 of 3."""
    if to >= decimals:
        return int(amount * 10 ** (to - decimals))
    return divide(amount, int(10 ** (decimals - to)), rounding)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights so that the parts sum to it exactly (largest remainder).

    Units left over go to the largest remainders, the earlier part first among equals. A negative total (a
    refund) is split as its positive one. Raises ValueError when a weight is negative or all are zero.
    """
    whole = sum(weights)
    if any(weight < 0 for weight in weights) or whole <= 0:
        raise ValueError("Weights must not be negative, and one of them must be above zero.")
    shares = [divmod(abs(total) * weight, whole) for weight in weights]
    parts = [quotient for quotient, _ in shares]
    left = abs(total) - sum(parts)
    by_remainder = sorted(range(len(shares)), key=lambda index: -shares[index][1])
    for index in by_remainder[:left]:
        parts[index] += 1
    return [-part for part in parts] if total < 0 else parts
