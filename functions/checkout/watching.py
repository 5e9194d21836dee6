"""Look at the payment of a purchase and go on from there: what a webhook, a task and a worried app come down to."""

from __future__ import annotations

from functions.checkout import advancing, paying, settling
from functions.checkout.core import Deps
from functions.common import clock
from functions.common.mongo import Document
from functions.common.retail import purchase_states as states

_MOST_LOOKS = 10


async def look(deps: Deps, purchase: Document) -> Document:
    """The purchase after its payment was read from the provider, as far as it goes by itself.

    Raises what its steps raise: then it stands where it stood, and repeating is safe.
    """
    for _ in range(_MOST_LOOKS):
        if purchase["state"] != states.PAYMENT_PENDING:
            break
        intent = await paying.look(deps, purchase, fresh=True)
        if intent is None:
            break
        now = clock.now()
        after = await settling.settle(deps, purchase, intent, now)
        if after is None:
            found = await deps.purchases.by_id(purchase["_id"])
            assert found is not None, "purchases are never deleted"
            purchase = found
            continue
        purchase = after
        if purchase["state"] == states.PAYMENT_PENDING and settling.can_never_be_paid(purchase):
            code = "PAYMENT_MISMATCH" if purchase["payment"].get("mismatch") else "PAYMENT_CANCELLED"
            return await advancing.give_up(deps, purchase, code, now)
        break
    return await advancing.advance(deps, purchase)
