"""Between our minor units, which are ISO 4217's, and the amounts Stripe counts in, which are not always.

https://docs.stripe.com/currencies#zero-decimal and the special cases there. What follows from none of these is taken
as ISO has it.
"""

from __future__ import annotations

from functions.common.retail.currencies import EXPONENTS

# Without decimals there, whatever ISO says (it gives the ariary two, although it is divided by five).
_NO_DECIMALS = frozenset({"MGA"})
# Without decimals at ISO; there with two, which must be zeros.
_TWO_DECIMALS = frozenset({"ISK", "UGX"})


class NotPayable(ValueError):
    """An amount that Stripe cannot take in this currency, or a currency that nobody knows."""


def _decimals(currency: str) -> tuple[int, int]:
    """Those of ISO and those of Stripe."""
    iso = EXPONENTS.get(currency)
    if iso is None:
        raise NotPayable(f"{currency} is no currency of ISO 4217")
    if currency in _NO_DECIMALS:
        return iso, 0
    return iso, 2 if currency in _TWO_DECIMALS else iso


def to_stripe(amount: int, currency: str) -> int:
    """Our amount as Stripe counts. Raises NotPayable.

    Card networks know no thousandths: with three decimals, the last must be zero.
    """
    iso, theirs = _decimals(currency)
    if amount <= 0:
        raise NotPayable("an amount is more than nothing")
    if iso == 3 and amount % 10:
        raise NotPayable(f"{currency} is paid in steps of 10 minor units")
    if theirs >= iso:
        return int(amount * 10 ** (theirs - iso))
    whole, rest = divmod(amount, 10 ** (iso - theirs))
    if rest:
        raise NotPayable(f"{currency} is paid in steps of {10 ** (iso - theirs)} minor units")
    return int(whole)


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's amount as we count. Raises NotPayable for one that ours cannot express."""
    iso, theirs = _decimals(currency)
    if iso >= theirs:
        return int(amount * 10 ** (iso - theirs))
    whole, rest = divmod(amount, 10 ** (theirs - iso))
    if rest:
        raise NotPayable(f"{amount} of {currency} has decimals that the currency has not")
    return int(whole)
