"""The verbs of a cart: look, add, change, take out, codes. Gather, decide, write if nobody else did; else again."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.common import failpoints, quotes
from functions.common.auth import Principal
from functions.common.cart_lines import CartLine, ProductNow
from functions.common.cart_view import cart_view
from functions.common.carts import HANDED_OVER, Visit
from functions.common.errors import Conflict, Malformed, NotFound, Problem, Unauthenticated
from functions.common.product_reader import Held
from functions.common.quotes import Quote
from functions.common.retail.barcode import InvalidCode
from functions.common.retail.labels import parse_template
from functions.common.retail.promotion_rules import Rule
from functions.common.retail.promotions import Usage
from functions.common.retail.scancode import Resolved, resolve
from functions.common.stores import Store
from functions.common.tenants import TenantSettings
from functions.sessions.cart_repository import Content
from functions.sessions.domain import carts, visits
from functions.sessions.domain.carts import Counter, Scan

ROUNDS = 8


class Carts(Protocol):
    """Carts as this room reads and writes them; `cart_repository.MongoCarts`."""

    async def read(self, tenant_id: str, store_id: str, session_id: str, user_id: str) -> Visit | None: ...

    async def save(
        self, visit: Visit, content: Content, now: datetime, expires_at: datetime, mark: str | None = None
    ) -> Visit | None: ...

    async def reprice(
        self, visit: Visit, content: Content, now: datetime, entry: Mapping[str, Any] | None = None
    ) -> Visit | None: ...


class Products(Protocol):
    """What is sold where; `functions.common.product_reader.ProductReader`."""

    async def get_many(self, tenant_id: str, store_id: str, barcodes: Iterable[str]) -> Mapping[str, Held]: ...


class Rules(Protocol):
    """The promotions of stores; `functions.common.promotion_source.Promotions`."""

    async def of_store(
        self, tenant_id: str, store_id: str, now: datetime, *, fresh: bool = False
    ) -> tuple[Rule, ...]: ...


class UsageOf(Protocol):
    """How often limited promotions were taken; what the checkout `order_id` itself holds of them does not count."""

    def __call__(
        self, tenant_id: str, user_id: str, codes: Iterable[str], rules: Iterable[Rule], *, order_id: str = ""
    ) -> Awaitable[Mapping[str, Usage]]: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs of carts work with."""

    carts: Carts
    products: Products
    rules: Rules
    usage: UsageOf
    store: Callable[[str, str], Awaitable[Store | None]]
    settings: Callable[[str], Awaitable[TenantSettings]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What an edit is decided with: the cart as it is, the products in it and those asked for, and the place."""

    visit: Visit
    held: Mapping[str, Held]
    counter: Counter

    def product(self, barcode: str) -> ProductNow | None:
        """The product with this barcode, or with a pack that has it."""
        held = self.held.get(barcode)
        return None if held is None else ProductNow(held.product(), held.ver)


Change = tuple[Sequence[CartLine], Sequence[str], str | None]
"""Lines, codes and the id of the line that the edit was about."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The store of a visit, with the tenant's terms and the promotions that are on there."""

    store: Store
    terms: TenantSettings
    rules: tuple[Rule, ...]

    def counter(self, now: datetime) -> Counter:
        """Where lines are made."""
        from zoneinfo import ZoneInfo

        local = now.astimezone(ZoneInfo(self.store.time_zone))
        return Counter(self.store.currency, local, now, self.terms.rounding)


# ---- looking -------------------------------------------------------------------------------------------------


async def look(deps: Deps, caller: Principal, now: datetime, *, all_rules: bool = False) -> dict[str, Any]:
    """The cart with the prices of now; prices that have changed are kept, with those of before beside them.

    Raises as `open_visit` does.
    """
    shop = await shop_of(deps, caller.tenant_id, caller.store_id, now)
    for _ in range(ROUNDS):
        visit = await open_visit(deps, caller, now)
        quote = await quote_of(deps, shop, visit, now)
        if not quote.changes or visit.checkout is not None:
            return cart_view(visit, quote, all_rules=all_rules)
        kept = await deps.carts.reprice(visit, Content(quote.lines, visit.codes, quote.total), now)
        if kept is not None:
            return cart_view(kept, quote, all_rules=all_rules)
    raise _busy()


async def open_visit(deps: Deps, caller: Principal, now: datetime) -> Visit:
    """The visit of a session token, if it can still be shopped.

    Raises Unauthenticated (SESSION_EXPIRED), Conflict (CART_HANDED_OVER, SESSION_ENDED).
    """
    visit = await deps.carts.read(caller.tenant_id, caller.store_id, caller.session_id, caller.sub)
    if visit is None or visit.is_over(now):
        raise Unauthenticated("this visit is over: check in again", code="SESSION_EXPIRED")
    if visit.status == HANDED_OVER:
        raise Conflict("a till has taken this cart", code="CART_HANDED_OVER")
    if not visit.is_open(now):
        raise Conflict("this visit has ended: check in again", code="SESSION_ENDED")
    return visit


async def shop_of(deps: Deps, tenant_id: str, store_id: str, now: datetime, *, fresh: bool = False) -> Shop:
    """What every cart of a store is priced by. Raises Conflict (STORE_CLOSED)."""
    store = await deps.store(tenant_id, store_id)
    if store is None or store.status != "active":
        raise Conflict("this store is not open for scan and go", code="STORE_CLOSED")
    rules = await deps.rules.of_store(tenant_id, store_id, now, fresh=fresh)
    return Shop(store, await deps.settings(tenant_id), rules)


async def quote_of(
    deps: Deps,
    shop: Shop,
    visit: Visit,
    now: datetime,
    *,
    change: Change | None = None,
    held: Mapping[str, ProductNow] | None = None,
) -> Quote:
    """What a cart costs now, as it is or as a change would leave it."""
    lines, codes = (visit.lines, visit.codes) if change is None else change[:2]
    if held is None:
        barcodes = {line.barcode for line in lines}
        known = await deps.products.get_many(visit.tenant_id, visit.store_id, barcodes) if barcodes else {}
        held = quotes.from_reader(known)
    order_id = "" if visit.checkout is None else visit.checkout.checkout_id
    usage = await deps.usage(visit.tenant_id, visit.user_id, codes, shop.rules, order_id=order_id)
    return await quotes.quote(
        lines,
        held,
        shop.rules,
        store=shop.store,
        terms=shop.terms,
        moment=now,
        card=visit.card_at(now),
        codes=codes,
        usage=usage,
    )


# ---- editing -------------------------------------------------------------------------------------------------


async def add(
    deps: Deps,
    caller: Principal,
    now: datetime,
    *,
    code: str,
    quantity: int | None,
    note: str,
    seen: int | None,
    key: str | None,
) -> dict[str, Any]:
    """Put what was scanned into the cart; with a key a repetition after a crash adds it only once.

    Raises Malformed (INVALID_CODE, CODE_IS_COUPON, QUANTITY_REQUIRED, QUANTITY_INVALID), NotFound (PRODUCT_NOT_FOUND),
    Conflict for what must not be sold and for what the cart does not allow, and as `edit` does.
    """
    shop = await shop_of(deps, caller.tenant_id, caller.store_id, now)
    resolved = _read(code, shop, now)
    line_id = carts.line_id_of(key or secrets.token_hex(16))

    def decide(desk: Desk) -> Change:
        found = next((barcode for barcode in resolved.lookup if barcode in desk.held), None)
        if found is None:
            raise NotFound(
                "this store does not know the product",
                code="PRODUCT_NOT_FOUND",
                details={"barcodes": list(resolved.lookup), "kind": resolved.kind.value},
            )
        product = desk.product(found)
        assert product is not None
        scan = Scan(code, resolved, found, product, quantity, note)
        new = carts.line_of(_free(line_id, desk.visit.lines), scan, desk.counter)
        lines = carts.with_line(desk.visit.lines, new, product, desk.counter)
        return lines, desk.visit.codes, _touched(desk.visit.lines, lines)

    return await edit(deps, shop, caller, now, decide, seen=seen, key=key, more=resolved.lookup)


async def change(
    deps: Deps,
    caller: Principal,
    now: datetime,
    *,
    line_id: str,
    quantity: int | None,
    note: str | None,
    seen: int | None,
) -> dict[str, Any]:
    """Another quantity or note for a line. Raises NotFound (LINE_NOT_FOUND), Malformed, Conflict, and as `edit`."""
    shop = await shop_of(deps, caller.tenant_id, caller.store_id, now)

    def decide(desk: Desk) -> Change:
        barcode = next((line.barcode for line in desk.visit.lines if line.id == line_id), "")
        product = desk.product(barcode)
        lines = carts.with_quantity(desk.visit.lines, line_id, quantity, note, product, desk.counter)
        return lines, desk.visit.codes, line_id

    return await edit(deps, shop, caller, now, decide, seen=seen)


async def take_out(deps: Deps, caller: Principal, now: datetime, *, line_id: str, seen: int | None) -> dict[str, Any]:
    """The cart without a line. Raises NotFound (LINE_NOT_FOUND), and as `edit`."""
    shop = await shop_of(deps, caller.tenant_id, caller.store_id, now)

    def decide(desk: Desk) -> Change:
        return carts.without(desk.visit.lines, line_id), desk.visit.codes, None

    return await edit(deps, shop, caller, now, decide, seen=seen)


async def empty(deps: Deps, caller: Principal, now: datetime, *, seen: int | None) -> dict[str, Any]:
    """The cart without anything in it; its codes go too. Raises as `edit`."""
    shop = await shop_of(deps, caller.tenant_id, caller.store_id, now)
    return await edit(deps, shop, caller, now, lambda desk: ((), (), None), seen=seen)


async def put_code(deps: Deps, caller: Principal, now: datetime, *, code: str, seen: int | None) -> dict[str, Any]:
    """A coupon code for the cart; the view says what became of it. Raises Conflict (TOO_MANY_CODES), and as `edit`."""
    shop = await shop_of(deps, caller.tenant_id, caller.store_id, now)

    def decide(desk: Desk) -> Change:
        return desk.visit.lines, carts.with_code(desk.visit.codes, code), None

    return await edit(deps, shop, caller, now, decide, seen=seen)


async def drop_code(deps: Deps, caller: Principal, now: datetime, *, code: str, seen: int | None) -> dict[str, Any]:
    """The cart without a coupon code; one that it does not have is gone already. Raises as `edit`."""
    shop = await shop_of(deps, caller.tenant_id, caller.store_id, now)

    def decide(desk: Desk) -> Change:
        return desk.visit.lines, carts.without_code(desk.visit.codes, code), None

    return await edit(deps, shop, caller, now, decide, seen=seen)


async def edit(
    deps: Deps,
    shop: Shop,
    caller: Principal,
    now: datetime,
    decide: Callable[[Desk], Change],
    *,
    seen: int | None,
    key: str | None = None,
    more: Collection[str] = (),
) -> dict[str, Any]:
    """Decide on the cart as it is, and write it if it is still so; again when it is not.

    `seen` is the version the shopper decided on, `more` are barcodes to look up besides. Raises Conflict (CART_CHANGED
    with the cart as it is, CART_LOCKED with the checkout that holds it, CART_BUSY), and as `open_visit`.
    """
    mark = None if key is None else carts.mark_of(key)
    for _ in range(ROUNDS):
        visit = await open_visit(deps, caller, now)
        if mark is not None and mark in visit.marks:
            line_id = carts.line_id_of(key or "")
            touched = line_id if any(line.id == line_id for line in visit.lines) else None
            return cart_view(visit, await quote_of(deps, shop, visit, now), touched=touched)
        await _refuse_edit(deps, shop, visit, now, seen)
        barcodes = {line.barcode for line in visit.lines} | set(more)
        known = await deps.products.get_many(visit.tenant_id, visit.store_id, barcodes) if barcodes else {}
        with as_problems():
            decided = decide(Desk(visit, known, shop.counter(now)))
        quote = await quote_of(deps, shop, visit, now, change=decided, held=quotes.from_reader(known))
        expires_at = visits.slid(visit.created_at, visit.expires_at, now)
        content = Content(quote.lines, decided[1], quote.total)
        saved = await deps.carts.save(visit, content, now, expires_at, mark)
        if saved is not None:
            await failpoints.hit("cart.after_save_before_reply")
            return cart_view(saved, quote, touched=decided[2])
    raise _busy()


@contextmanager
def as_problems() -> Iterator[None]:
    """What the rules of carts refuse, as the caller's problem."""
    try:
        yield
    except carts.Invalid as problem:
        raise Malformed(str(problem), code=problem.code, field=problem.field) from None
    except carts.Refused as problem:
        raise Conflict(str(problem), code=problem.code) from None
    except carts.NoSuchLine:
        raise NotFound("the cart has no such line", code="LINE_NOT_FOUND") from None


async def _refuse_edit(deps: Deps, shop: Shop, visit: Visit, now: datetime, seen: int | None) -> None:
    if visit.checkout is not None:
        details: dict[str, Any] = {"checkoutId": visit.checkout.checkout_id}
        raise Conflict("a checkout holds this cart: pay or cancel it first", code="CART_LOCKED", details=details)
    if seen is not None and seen != visit.cart_ver:
        view = cart_view(visit, await quote_of(deps, shop, visit, now))
        raise Conflict("the cart is not what it was any more", code="CART_CHANGED", details={"cart": view})


def _read(code: str, shop: Shop, now: datetime) -> Resolved:
    templates = tuple(parse_template(each) for each in shop.store.label_templates)
    try:
        resolved = resolve(code, templates, today=shop.counter(now).local.date())
    except InvalidCode as invalid:
        details = [{"field": "code", "code": invalid.code.value, "message": invalid.message}]
        raise Malformed("this is not a code that a product can have", code="INVALID_CODE", details=details) from None
    if not resolved.lookup:
        raise Malformed("this code is a coupon, not a product", code="CODE_IS_COUPON")
    return resolved


def _free(line_id: str, lines: Sequence[CartLine]) -> str:
    """The id, unless by an unlikely chance another line has it."""
    taken = {line.id for line in lines}
    while line_id in taken:
        line_id = secrets.token_hex(4)
    return line_id


def _touched(before: Sequence[CartLine], after: Sequence[CartLine]) -> str:
    known = {line.id: line.quantity for line in before}
    return next(line.id for line in after if known.get(line.id) != line.quantity)


def _busy() -> Problem:
    return Conflict("this cart is being changed all the time: try again", code="CART_BUSY", retry_after=1)
