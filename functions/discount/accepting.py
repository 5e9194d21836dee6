"""The verbs on brand cards: accept, look, take off. Gather, decide, apply; dependencies come as arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.common import failpoints, log
from functions.common.auth import Principal
from functions.common.brand_cards import Card, read
from functions.common.carts import CardOnVisit, Visit
from functions.common.errors import Conflict, Malformed, NotFound, Problem, Unauthenticated, Unavailable
from functions.common.mongo import Document
from functions.common.together import together
from functions.discount import brand_card
from functions.discount.brand_card import Answer, Looked, Scanned
from functions.discount.loyalty import Loyalty, LoyaltyDown, NoLoyalty


class Cards(Protocol):
    """Cards in visits; `card_repository.MongoCards`."""

    async def attach(self, document: Document, now: datetime) -> Document | None: ...
    async def newest(self, tenant_id: str, store_id: str, session_id: str) -> Card | None: ...
    async def remove(self, tenant_id: str, store_id: str, card_id: str) -> bool: ...


class Answers(Protocol):
    """What loyalty systems said last; `card_repository.MongoAnswers`."""

    async def find(self, tenant_id: str, key: str, now: datetime) -> Answer | None: ...
    async def keep(self, tenant_id: str, key: str, answer: Answer) -> None: ...
    async def forget(self, tenant_id: str, key: str) -> None: ...


class Brands(Protocol):
    """The tenant's brands."""

    async def has(self, tenant_id: str, brand_id: str) -> bool: ...


class Carts(Protocol):
    """Visits; `functions.common.carts.Carts`."""

    async def read(self, tenant_id: str, store_id: str, session_id: str, user_id: str) -> Visit | None: ...
    async def attach_card(
        self, tenant_id: str, store_id: str, session_id: str, user_id: str, card: CardOnVisit, now: datetime
    ) -> Visit | None: ...
    async def detach_card(self, tenant_id: str, store_id: str, session_id: str, user_id: str, card_id: str) -> bool: ...


class CardEvents(Protocol):
    """Publishes what lies in the outboxes of cards and takes it out."""

    async def flush(self, document: Document, entries: Sequence[Mapping[str, Any]]) -> bool: ...
    async def sweep(self) -> int: ...


@dataclass(frozen=True, slots=True)
class CardDeps:
    """What the verbs work with. `secret` hides card numbers in what is kept."""

    cards: Cards
    answers: Answers
    brands: Brands
    carts: Carts
    loyalty: Loyalty
    events: CardEvents
    secret: str


async def accept(deps: CardDeps, caller: Principal, scanned: Scanned, *, card_id: str, now: datetime) -> Card:
    """Put a card on the caller's visit, in the place of another. Repeating the request (`card_id`) finds what it did.

    Raises Unauthenticated when the visit is over, Conflict when a checkout has begun, when the card is on another
    visit, used or blocked; NotFound for a card that nobody knows or that is somebody else's; Unavailable when
    nobody can say now whose brand it is.
    """
    named = scanned.brand_id
    visit, known = await together(
        _open_visit(deps, caller, now), deps.brands.has(caller.tenant_id, named) if named else _no_brand()
    )
    if named is not None and not known:
        raise _unknown()
    looked = await _look_up(deps, caller, scanned, now)
    brand_id = await _brand(deps, caller, scanned, looked)
    document = brand_card.document(
        card_id=card_id,
        card_key=brand_card.key_of(deps.secret, "card", caller.tenant_id, brand_id, scanned.number),
        scope=_scope(caller),
        brand_id=brand_id,
        number=scanned.number,
        looked=looked,
        now=now,
    )
    kept, _ = await together(deps.cards.attach(document, now), _remember(deps, caller, scanned, looked))
    if kept is None:
        raise Conflict("this card is in use: it is free again ten minutes after it was scanned", code="CARD_IN_USE")
    await failpoints.hit("card.after_attach_before_visit")
    card = read(kept)
    if card.is_over(now):
        raise Conflict("this card was accepted more than ten minutes ago: scan it again", code="CARD_EXPIRED")
    on_visit = CardOnVisit(card.card_id, card.brand_id, card.groups, card.expires_at, card.masked_number)
    if await deps.carts.attach_card(*_whose(caller), on_visit, now) is None:
        await deps.cards.remove(caller.tenant_id, caller.store_id, card.card_id)
        await _open_visit(deps, caller, now)
        raise _locked(visit)
    await failpoints.hit("card.after_visit_before_event")
    if visit.card is not None and visit.card.card_id != card.card_id:
        await deps.cards.remove(caller.tenant_id, caller.store_id, visit.card.card_id)
    await deps.events.flush(kept, kept.get("outbox", ()))
    log.info("card.accepted", storeId=card.store_id, brandId=card.brand_id, status=card.status)
    return card


async def current(deps: CardDeps, caller: Principal, now: datetime) -> Card:
    """The card on the caller's visit. Raises NotFound when there is none (any more), Unauthenticated as `accept`."""
    visit, card = await together(
        deps.carts.read(*_whose(caller)), deps.cards.newest(caller.tenant_id, caller.store_id, caller.session_id)
    )
    if visit is None or visit.is_over(now):
        raise _over()
    held = visit.card_at(now)
    if card is None or held is None or held.card_id != card.card_id or card.is_over(now):
        raise _no_card()
    return card


async def take_off(deps: CardDeps, caller: Principal, now: datetime) -> None:
    """Take the card off the visit; doing it again changes nothing. Raises Conflict while a checkout has it."""
    visit = await _open_visit(deps, caller, now)
    if visit.card is not None and not await deps.carts.detach_card(*_whose(caller), visit.card.card_id):
        raise _locked(visit)
    card = await deps.cards.newest(caller.tenant_id, caller.store_id, caller.session_id)
    if card is not None:
        await deps.cards.remove(caller.tenant_id, caller.store_id, card.card_id)


# ---- what the loyalty system says ----------------------------------------------------------------------------


async def _look_up(deps: CardDeps, caller: Principal, scanned: Scanned, now: datetime) -> Looked:
    """Its answer, or the last one it gave to the same question when it does not answer. Raises NotFound, Conflict."""
    tenant, user = caller.tenant_id, _pseudonym(deps, caller)
    key = _question(deps, caller, scanned)
    try:
        answer = await deps.loyalty.look_up(tenant, scanned, user)
    except LoyaltyDown as down:
        # What it said of this shopper and this card within a day stands in; nothing at all gives no benefit.
        answer = await deps.answers.find(tenant, key, now)
        _refuse(answer)
        if answer is None and scanned.brand_id is None and isinstance(down, NoLoyalty):
            raise _unknown() from None
        return Looked(answer, degraded=True)
    if answer is None:
        await deps.answers.forget(tenant, key)
        raise _unknown()
    if not answer.accepted:
        await deps.answers.keep(tenant, key, answer)
    _refuse(answer)
    return Looked(answer, degraded=False)


async def _remember(deps: CardDeps, caller: Principal, scanned: Scanned, looked: Looked) -> None:
    """Keep what the loyalty system has just said, for the time when it does not answer."""
    if looked.answer is not None and not looked.degraded:
        await deps.answers.keep(caller.tenant_id, _question(deps, caller, scanned), looked.answer)


def _question(deps: CardDeps, caller: Principal, scanned: Scanned) -> str:
    """What stands for this shopper's question about this card."""
    brand, user = scanned.brand_id or "", _pseudonym(deps, caller)
    return brand_card.key_of(deps.secret, "answer", caller.tenant_id, brand, scanned.number, user)


async def _no_brand() -> bool:
    return False


def _refuse(answer: Answer | None) -> None:
    if answer is not None and not answer.accepted:
        if answer.holder == "another":
            log.security("card.of_another")
            raise _unknown()
        raise Conflict("this card has been blocked: ask its brand", code="CARD_BLOCKED")


async def _brand(deps: CardDeps, caller: Principal, scanned: Scanned, looked: Looked) -> str:
    """Whose card it is: what was scanned and what is known must agree. Raises NotFound, Unavailable."""
    said = looked.answer.brand_id if looked.answer is not None else None
    if said is None and scanned.brand_id is None:
        message = "the loyalty system does not answer, and the number alone does not say whose card it is"
        raise Unavailable(message, code="LOYALTY_UNAVAILABLE", retry_after=5)
    if said is not None and scanned.brand_id is not None and said != scanned.brand_id:
        raise _unknown()
    brand_id = said or scanned.brand_id
    assert brand_id is not None
    if scanned.brand_id is None and not await deps.brands.has(caller.tenant_id, brand_id):
        raise _unknown()
    return brand_id


def _pseudonym(deps: CardDeps, caller: Principal) -> str:
    """The shopper as the loyalty system knows him: the same each time, and nobody's account id."""
    return brand_card.key_of(deps.secret, "user", caller.tenant_id, caller.sub)


# ---- whose visit ---------------------------------------------------------------------------------------------


async def _open_visit(deps: CardDeps, caller: Principal, now: datetime) -> Visit:
    visit = await deps.carts.read(*_whose(caller))
    if visit is None or visit.is_over(now) or visit.status == "ended":
        raise _over()
    if visit.status != "active":
        raise Conflict("this cart has been handed over to a till", code="CART_HANDED_OVER")
    if visit.checkout is not None:
        raise _locked(visit)
    return visit


def _whose(caller: Principal) -> tuple[str, str, str, str]:
    return caller.tenant_id, caller.store_id, caller.session_id, caller.sub


def _scope(caller: Principal) -> dict[str, str]:
    names = ("tenantId", "storeId", "sessionId", "userId")
    return dict(zip(names, _whose(caller), strict=True))


def new_card_id(store_id: str, seed: str) -> str:
    """The id of a card in a visit; from one seed (an idempotency key, or chance) always the same."""
    return f"{store_id}.{hashlib.sha256(f'card:{seed}'.encode()).hexdigest()[:32]}"


def scanned_in(code: str | None, number: str | None, brand_id: str | None) -> Scanned:
    """The card in a request. Raises Malformed."""
    try:
        return brand_card.read(code, number, brand_id)
    except brand_card.CardUnreadable as problem:
        field = "code" if code is not None else "cardNumber"
        raise Malformed(str(problem), code="CARD_UNREADABLE", field=field) from None


def _over() -> Problem:
    return Unauthenticated("this visit is over: check in again", code="SESSION_EXPIRED")


def _locked(visit: Visit) -> Problem:
    details = {"checkoutId": visit.checkout.checkout_id} if visit.checkout is not None else None
    return Conflict("a checkout has begun: finish it or cancel it", code="CART_LOCKED", details=details)


def _unknown() -> Problem:
    return NotFound("no brand of this store's knows this card as yours", code="CARD_UNKNOWN")


def _no_card() -> Problem:
    return NotFound("there is no card on this visit", code="NO_CARD")
