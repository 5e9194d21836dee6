"""The operations on a cart's way to a till."""

from __future__ import annotations

from functions.common import auth, errors
from functions.common.http import Call, Reply
from functions.sessions import handing_over, wiring
from functions.sessions.door import door

STAFF = auth.roles(auth.STORE_STAFF, auth.STORE_MANAGER)
ERRORS = (errors.NotFound, errors.Conflict)


@door.post(
    "/v1/cart/handover",
    auth=auth.session(),
    summary="Codes that hand the cart over to a till",
    reply="Handover",
    status=201,
    idempotency="optional",
    rate="cart",
    errors=(errors.Conflict,),
)
async def offer_handover(call: Call) -> Reply:
    """Good for ten minutes, for one till, and until the cart is edited. Show all codes, one after the other."""
    made = await handing_over.offer(wiring.handovers(), call.principal, call.now, key=call.idempotency_id)
    return Reply(made)


@door.get(
    "/v1/handovers/{handoverId}",
    auth=STAFF,
    summary="The cart behind a code",
    reply="HandedCart",
    rate="manage",
    errors=ERRORS,
)
async def read_handover(call: Call) -> Reply:
    """The id is the `jti` in each of its codes. Nothing is taken by looking."""
    return Reply(await handing_over.read(wiring.handovers(), call.principal, call.params["handoverId"], call.now))


@door.post(
    "/v1/handovers/{handoverId}/claim",
    auth=STAFF,
    summary="Take the cart to this till; the shopper's visit is over",
    reply="HandedCart",
    rate="manage",
    errors=ERRORS,
)
async def claim_handover(call: Call) -> Reply:
    """One till gets it; the same one may repeat it."""
    return Reply(await handing_over.claim(wiring.handovers(), call.principal, call.params["handoverId"], call.now))
