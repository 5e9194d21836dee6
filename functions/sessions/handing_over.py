"""Handing a cart over to a till: the shopper shows codes, a till reads them, and one till takes the cart."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.common import failpoints, log, outbox
from functions.common.auth import Principal
from functions.common.cart_view import cart_view, timestamp
from functions.common.carts import HANDED_OVER, Visit
from functions.common.contracts.sessions import HANDED_OVER as EVENT
from functions.common.errors import Conflict, NotFound, Problem
from functions.sessions import carting
from functions.sessions.carting import Deps as CartDeps
from functions.sessions.domain import handovers, visits
from functions.sessions.domain.handovers import Ticket


class Handovers(Protocol):
    """Carts on their way to a till; `cart_repository.MongoCarts`."""

    async def offer(self, visit: Visit, handover: Mapping[str, Any]) -> Visit | None: ...

    async def claim(
        self,
        visit: Visit,
        handover_id: str,
        *,
        by: str,
        now: datetime,
        entry: Mapping[str, Any],
    ) -> Visit | None: ...

    async def offered(self, tenant_id: str, store_id: str, handover_id: str) -> Visit | None: ...


class Signer(Protocol):
    """Signs what a till can verify by our public keys."""

    def sign_as(self, claims: Mapping[str, Any], typ: str) -> str: ...


class Events(Protocol):
    """What this room tells."""

    async def flush(self, visit: Visit, entries: Sequence[Mapping[str, Any]]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What these verbs work with."""

    cart: CartDeps
    handovers: Handovers
    signer: Signer
    events: Events
    issuer: str


async def offer(deps: Deps, caller: Principal, now: datetime, *, key: str | None) -> dict[str, Any]:
    """Codes with the cart for a till, good for ten minutes, or until the cart is edited.

    Raises Conflict (CART_EMPTY, CART_LOCKED, CART_BUSY), and as `carting.open_visit`.
    """
    handover_id = visits.session_id(caller.store_id, (key or secrets.token_hex(16))[:32])
    for _ in range(carting.ROUNDS):
        visit = await carting.open_visit(deps.cart, caller, now)
        if visit.checkout is not None:
            details = {"checkoutId": visit.checkout.checkout_id}
            raise Conflict("a checkout holds this cart: pay or cancel it first", code="CART_LOCKED", details=details)
        if not visit.lines:
            raise Conflict("there is nothing in the cart", code="CART_EMPTY")
        until = min(now + handovers.LIFE, visit.expires_at)
        kept = {"id": handover_id, "cartVer": visit.cart_ver, "at": now, "expiresAt": until}
        offered = await deps.handovers.offer(visit, kept)
        if offered is not None:
            return _codes(deps, offered, handover_id, now, until)
    raise Conflict("this cart is being changed all the time: try again", code="CART_BUSY", retry_after=1)


async def read(deps: Deps, caller: Principal, handover_id: str, now: datetime) -> dict[str, Any]:
    """The cart that was offered so, for the staff of its store; nothing is taken.

    Raises NotFound for unknown ones, for other stores' and for carts that are gone, Conflict (HANDOVER_VOID) when the
    offer is not good any more.
    """
    return await _view(deps, await _offered(deps, caller, handover_id, now), now)


async def claim(deps: Deps, caller: Principal, handover_id: str, now: datetime) -> dict[str, Any]:
    """The till takes the cart, and the shopper's visit is over. The same till may repeat it. Raises as `read`."""
    visit = await _offered(deps, caller, handover_id, now)
    if visit.status != HANDED_OVER:
        data = {
            "sessionId": visit.session_id,
            "userId": visit.user_id,
            "cartVersion": visit.cart_ver,
            "by": caller.sub,
        }
        entry = outbox.entry(EVENT, data)
        taken = await deps.handovers.claim(visit, handover_id, by=caller.sub, now=now, entry=entry)
        # Who was second finds whose it is now.
        visit = taken or await _offered(deps, caller, handover_id, now)
        if visit.status != HANDED_OVER:
            raise _void()
        if taken is not None:
            await failpoints.hit("handover.after_claim_before_publish")
            await deps.events.flush(taken, [entry])
            log.info("cart.handed_over", storeId=visit.store_id, tenantId=visit.tenant_id)
    return await _view(deps, visit, now)


async def _offered(deps: Deps, caller: Principal, handover_id: str, now: datetime) -> Visit:
    store_id = visits.store_of(handover_id)
    if store_id is None or not caller.may_use_store(store_id):
        raise _unknown()
    visit = await deps.handovers.offered(caller.tenant_id, store_id, handover_id)
    if visit is None or visit.handover is None or visit.is_over(now):
        raise _unknown()
    kept = visit.handover
    mine = visit.status == HANDED_OVER and kept.get("claimedBy") == caller.sub
    good = visit.is_open(now) and kept["expiresAt"] > now and visit.checkout is None
    if not mine and not (good and kept["cartVer"] == visit.cart_ver):
        raise _void()
    return visit


async def _view(deps: Deps, visit: Visit, now: datetime) -> dict[str, Any]:
    shop = await carting.shop_of(deps.cart, visit.tenant_id, visit.store_id, now)
    quote = await carting.quote_of(deps.cart, shop, visit, now)
    return {"status": visit.status, "cart": cart_view(visit, quote)}


def _codes(deps: Deps, visit: Visit, handover_id: str, now: datetime, until: datetime) -> dict[str, Any]:
    ticket = Ticket(visit.tenant_id, visit.store_id, handover_id, visit.cart_ver)
    codes = []
    for part in handovers.parts_of(visit.lines):
        claims = handovers.claims_of(ticket, part, issuer=deps.issuer, now=now, until=until)
        text = deps.signer.sign_as(claims, handovers.TYP)
        codes.append({"number": part.number, "of": part.of, "lines": len(part.lines), "text": text, "svg": svg(text)})
    said = {"handoverId": handover_id, "cartVersion": visit.cart_ver, "expiresAt": timestamp(until)}
    return {**said, "codes": codes}


def svg(text: str) -> str:
    """A QR code as an SVG document."""
    import segno  # 30 ms of a cold start that only hand-overs need

    drawn = io.BytesIO()
    segno.make(text, error="l", micro=False).save(drawn, kind="svg", scale=4, border=4)
    return drawn.getvalue().decode()


def _unknown() -> Problem:
    return NotFound("there is no such cart", code="HANDOVER_NOT_FOUND")


def _void() -> Problem:
    return Conflict("this code is not good any more: ask the shopper for a new one", code="HANDOVER_VOID")
