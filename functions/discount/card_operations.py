"""The operations on brand cards: what a shopper's app calls with its session token."""

from __future__ import annotations

import secrets
from typing import Any

from functions.common import auth, errors
from functions.common.brand_cards import Card
from functions.common.http import Call, Reply
from functions.discount import accepting, wiring
from functions.discount.operations import door

CURRENT = "/v1/discount-cards/current"


@door.post(
    "/v1/discount-cards",
    auth=auth.session(),
    summary="Put a brand card on your visit; it is good for ten minutes and one checkout",
    body="ScannedCard",
    reply="CardView",
    status=201,
    idempotency="optional",
    max_body=2048,
    rate="brand_card",
    errors=(errors.NotFound, errors.Conflict, errors.Unavailable),
)
async def accept_card(call: Call) -> Reply:
    body, caller = call.body, call.principal
    scanned = accepting.scanned_in(body.code, body.card_number, body.brand_id)
    card_id = accepting.new_card_id(caller.store_id, call.idempotency_id or secrets.token_hex(16))
    card = await accepting.accept(wiring.card_deps(), caller, scanned, card_id=card_id, now=call.now)
    return Reply(_view(card))


@door.get(CURRENT, auth=auth.session(), summary="The card on your visit", reply="CardView", errors=(errors.NotFound,))
async def read_current_card(call: Call) -> Reply:
    return Reply(_view(await accepting.current(wiring.card_deps(), call.principal, call.now)))


@door.delete(
    CURRENT,
    auth=auth.session(),
    summary="Take the card off your visit; may be repeated",
    reply="CardTakenOff",
    errors=(errors.Conflict,),
)
async def take_card_off(call: Call) -> Reply:
    await accepting.take_off(wiring.card_deps(), call.principal, call.now)
    return Reply({"takenOff": True})


def _view(card: Card) -> dict[str, Any]:
    return {
        "cardId": card.card_id,
        "brandId": card.brand_id,
        "maskedNumber": card.masked_number,
        "status": card.status,
        "groups": sorted(card.groups),
        "points": card.points,
        "benefits": [{"code": each.code, "text": each.text} for each in card.benefits],
        "asOf": card.as_of,
        "scannedAt": card.scanned_at,
        "expiresAt": card.expires_at,
        "inCheckout": card.used_by is not None,
    }
