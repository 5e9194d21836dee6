"""The operations on the cart of a visit."""

from __future__ import annotations

from typing import Any

from functions.common import auth, errors
from functions.common.http import Call, Reply
from functions.common.retail.promotion_rules import MOST_CODE_LENGTH
from functions.sessions import carting, wiring
from functions.sessions.domain import carts
from functions.sessions.door import door, seen_version

CART: dict[str, Any] = {"auth": auth.session(), "reply": "CartView", "rate": "cart"}
CONFLICTS = (errors.Conflict, errors.Unavailable)
LINE = "/v1/cart/lines/{lineId}"
CODE = "/v1/cart/codes/{coupon}"


@door.get("/v1/cart", summary="The cart with the prices of now", query="LookQuery", errors=CONFLICTS, **CART)
async def read_cart(call: Call) -> Reply:
    """`oldPrice` of a line says what it cost before it changed; `changes` what has changed since the cart was seen."""
    view = await carting.look(wiring.carts(), call.principal, call.now, all_rules=call.query.explain)
    return versioned(view)


@door.post(
    "/v1/cart/lines",
    summary="Put what was scanned into the cart",
    body="AddLine",
    status=201,
    idempotency="optional",
    max_body=16 << 10,
    errors=(errors.Malformed, errors.NotFound, *CONFLICTS),
    **CART,
)
async def add_line(call: Call) -> Reply:
    """Pieces of one product share a line; what a label says the weight or the price of is a line of its own."""
    body = call.body
    view = await carting.add(
        wiring.carts(),
        call.principal,
        call.now,
        code=body.code,
        quantity=body.quantity,
        note=body.note,
        seen=seen_version(call, body.cart_version),
        key=call.idempotency_id,
    )
    return versioned(view)


@door.patch(
    LINE,
    summary="Change the quantity or the note of a line",
    body="ChangeLine",
    max_body=16 << 10,
    errors=(errors.NotFound, *CONFLICTS),
    **CART,
)
async def change_line(call: Call) -> Reply:
    body = call.body
    view = await carting.change(
        wiring.carts(),
        call.principal,
        call.now,
        line_id=call.params["lineId"],
        quantity=body.quantity,
        note=body.note,
        seen=seen_version(call, body.cart_version),
    )
    return versioned(view)


@door.delete(
    LINE, summary="Take a line out of the cart", query="CartQuery", errors=(errors.NotFound, *CONFLICTS), **CART
)
async def remove_line(call: Call) -> Reply:
    seen = seen_version(call, call.query.cart_version)
    view = await carting.take_out(wiring.carts(), call.principal, call.now, line_id=call.params["lineId"], seen=seen)
    return versioned(view)


@door.delete("/v1/cart", summary="Empty the cart", query="CartQuery", errors=CONFLICTS, **CART)
async def empty_cart(call: Call) -> Reply:
    seen = seen_version(call, call.query.cart_version)
    return versioned(await carting.empty(wiring.carts(), call.principal, call.now, seen=seen))


@door.put(CODE, summary="Use a coupon code", query="CartQuery", errors=(errors.Malformed, *CONFLICTS), **CART)
async def put_code(call: Call) -> Reply:
    """Any code is taken; `codes` says whether a promotion went with it, and if not, why."""
    seen = seen_version(call, call.query.cart_version)
    code = coupon(call)
    return versioned(await carting.put_code(wiring.carts(), call.principal, call.now, code=code, seen=seen))


@door.delete(CODE, summary="Do not use a coupon code", query="CartQuery", errors=(errors.Malformed, *CONFLICTS), **CART)
async def drop_code(call: Call) -> Reply:
    seen = seen_version(call, call.query.cart_version)
    code = coupon(call)
    return versioned(await carting.drop_code(wiring.carts(), call.principal, call.now, code=code, seen=seen))


def coupon(call: Call) -> str:
    """The code in the path. Raises Malformed for one that no promotion can have."""
    text = call.params["coupon"]
    if len(text) > 2 * MOST_CODE_LENGTH or not carts.is_code(text):
        message = f"a code has 1 to {MOST_CODE_LENGTH} letters, digits, hyphens and underscores"
        raise errors.Malformed(message, field="coupon")
    return text


def versioned(view: dict[str, Any]) -> Reply:
    """A cart, with its version as the ETag."""
    return Reply(view, headers=(("etag", f'"{view["cartVersion"]}"'),))
