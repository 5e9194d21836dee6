"""What shoppers do: check out, look at it, cancel it."""

from __future__ import annotations

from functions.checkout import opening, rendering, wiring
from functions.checkout.door import CHECKOUT, CONFLICTS, NOT_FOUND, SHOPPER, door, purchase_of
from functions.checkout.opening import Wanted
from functions.common import errors
from functions.common.http import Call, Pagination, Reply


@door.post(
    "/v1/checkouts",
    auth=SHOPPER,
    summary="Check out the cart of this visit: agree on the total, hold the goods, begin the payment",
    body="NewCheckout",
    reply="CheckoutView",
    status=201,
    idempotency="required",
    max_body=4096,
    rate="checkout",
    budget=18.0,
    errors=(errors.NotFound, errors.Conflict, errors.Unavailable),
)
async def check_out(call: Call) -> Reply:
    assert call.idempotency_id is not None
    deps, body = wiring.deps(), call.body
    wanted = Wanted(body.cart_version, body.total, body.currency)
    purchase, intent = await opening.check_out(deps, call.principal, wanted, call.idempotency_id, call.now)
    return Reply(rendering.checkout(purchase, intent, deps.payments.publishable_key))


@door.get(
    "/v1/checkouts",
    auth=SHOPPER,
    summary="The checkouts of this visit, newest first",
    query="Page",
    reply="CheckoutSummary",
    listed=True,
)
async def list_checkouts(call: Call) -> Reply:
    query, caller = call.query, call.principal
    found, total = await wiring.lists().of_session(caller, query.page, query.limit)
    return Reply([rendering.summary(each) for each in found], pagination=Pagination(query.page, query.limit, total))


@door.get(
    CHECKOUT, auth=SHOPPER, summary="A checkout of this visit, as it is now", reply="CheckoutView", errors=NOT_FOUND
)
async def read_checkout(call: Call) -> Reply:
    deps = wiring.deps()
    purchase, intent = await opening.look(deps, await purchase_of(call))
    return Reply(rendering.checkout(purchase, intent, deps.payments.publishable_key))


@door.post(
    f"{CHECKOUT}/cancel",
    auth=SHOPPER,
    summary="Cancel a checkout that is not paid; may be repeated",
    reply="CheckoutView",
    budget=18.0,
    errors=CONFLICTS,
)
async def cancel_checkout(call: Call) -> Reply:
    return Reply(rendering.checkout(await opening.cancel(wiring.deps(), await purchase_of(call), call.now)))
