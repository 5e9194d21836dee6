"""The room's two doors, and what their operations share; these register themselves from the modules beside."""

from __future__ import annotations

from functions.checkout import wiring
from functions.common import auth, errors
from functions.common.events import EventDoor
from functions.common.http import Call, HttpDoor
from functions.common.mongo import Document

SHOPPER = auth.session()
STAFF = auth.roles(auth.STORE_STAFF, auth.STORE_MANAGER)
MANAGER = auth.roles(auth.STORE_MANAGER)
NOT_FOUND = (errors.NotFound,)
CONFLICTS = (errors.NotFound, errors.Conflict)
CHECKOUT = "/v1/checkouts/{checkoutId}"

door = HttpDoor("checkout", ready=wiring.ready)
events = EventDoor("checkout", ready=wiring.ready)


async def purchase_of(call: Call) -> Document:
    """The purchase of the path, when it is this visit's own. Raises NotFound alike for unknown ones and for others'."""
    caller = call.principal
    found = await wiring.deps().purchases.find(
        caller.tenant_id, caller.store_id, call.params["checkoutId"], session_id=caller.session_id
    )
    if found is None or found["userId"] != caller.sub:
        raise errors.NotFound("there is no such checkout", code="CHECKOUT_NOT_FOUND")
    return found
