"""The verbs on promotions: create, read, replace, remove, try out. Gather, decide, apply; then tell the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from functions.common import failpoints, log
from functions.common.auth import Principal
from functions.common.errors import Conflict, Forbidden, Malformed, NotFound, Problem
from functions.common.mongo import Document
from functions.common.product_edits import Editor, Invalid
from functions.common.product_reader import Held
from functions.common.retail.basket import BasketInvalid
from functions.common.retail.money import Rounding
from functions.common.retail.promotion_rules import Rule
from functions.common.retail.promotions import Facts, Usage
from functions.common.retail.taxes import TaxClassUnknown, TaxRules
from functions.common.retail.totals import Totals, total_up
from functions.common.stores import Store
from functions.discount import domain
from functions.discount.domain import Refused, Write

ROUNDS = 8
MOST_ASKED = 2 * domain.MOST_ACTIVE
"""Promotions of a store that a dry run reads at most, drafts included."""


class Promotions(Protocol):
    """The promotions of tenants; see `repository.MongoPromotions`."""

    async def find(self, tenant_id: str, promotion_id: str) -> Document | None: ...
    async def insert(self, tenant_id: str, promotion_id: str, write: Write) -> Document | None: ...
    async def update(self, tenant_id: str, promotion_id: str, ver: int, write: Write) -> Document | None: ...
    async def page(
        self, tenant_id: str, claimed: Collection[str], status: str | None, page: int, limit: int
    ) -> tuple[list[Document], int]: ...
    async def of_store(self, tenant_id: str, store_id: str, statuses: Sequence[str], limit: int) -> list[Document]: ...
    async def count_active(self, tenant_id: str) -> int: ...
    async def settle(self, document: Document) -> None: ...
    async def settle_unfinished(self, before: datetime, limit: int) -> int: ...


class Versions(Protocol):
    """The history of promotions, for reading."""

    async def page(self, tenant_id: str, promotion_id: str, page: int, limit: int) -> tuple[list[Document], int]: ...


class Events(Protocol):
    """Publishes what lies in the outboxes of promotions and takes it out."""

    async def flush(self, document: Document, entries: Sequence[Mapping[str, Any]]) -> bool: ...
    async def sweep(self) -> int: ...


class Products(Protocol):
    """What a store sells; `functions.common.product_reader.ProductReader`."""

    async def get_many(self, tenant_id: str, store_id: str, barcodes: Iterable[str]) -> Mapping[str, Held]: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with."""

    promotions: Promotions
    versions: Versions
    events: Events
    products: Products
    store: Callable[[str, str], Awaitable[Store | None]]


@dataclass(frozen=True, slots=True)
class Trial:
    """A dry run: a basket, who buys it and when, and promotions that are not saved (id -> fields)."""

    store_id: str
    moment: datetime
    lines: Sequence[Mapping[str, Any]]
    groups: frozenset[str]
    codes: frozenset[str]
    usage: Mapping[str, Usage]
    saved: str
    unsaved: Mapping[str, Mapping[str, Any]]
    rounding: Rounding
    taxes: TaxRules | None


async def create(
    deps: Deps, caller: Principal, promotion_id: str, fields: Mapping[str, Any], editor: Editor
) -> Document:
    """Make a promotion. Repeating the request finds what it has made.

    Raises Malformed, Forbidden for stores that are not the caller's, Conflict when the id is taken or was.
    """
    content = await _content(deps, caller, promotion_id, fields)
    with as_problems():
        write = domain.created(caller.tenant_id, promotion_id, content, editor)
    before = await deps.promotions.find(caller.tenant_id, promotion_id)
    if before is None:
        await _check_room(deps, caller.tenant_id, None, content)
        document = await deps.promotions.insert(caller.tenant_id, promotion_id, write)
        if document is not None:
            await _tell(deps, document, write)
            return document
        before = await deps.promotions.find(caller.tenant_id, promotion_id)
    if before is None or not domain.made_by(before, editor):
        raise Conflict("this promotionId is taken", code="PROMOTION_EXISTS")
    return before


async def read(deps: Deps, caller: Principal, promotion_id: str, *, removed_too: bool = False) -> Document:
    """A promotion that is on in a store of the caller's. Raises NotFound."""
    found = await deps.promotions.find(caller.tenant_id, promotion_id)
    if (
        found is None
        or not domain.sees(caller.store_ids, found["storeIds"])
        or (found["deletedAt"] is not None and not removed_too)
    ):
        raise NotFound("there is no such promotion", code="PROMOTION_NOT_FOUND")
    return found


async def replace(
    deps: Deps, caller: Principal, promotion_id: str, fields: Mapping[str, Any], editor: Editor, *, seen: int | None
) -> Document:
    """The next version of a promotion. Raises like `create`; NotFound, Conflict when `seen` is not the last version."""

    async def decide(before: Document) -> Write | None:
        content = await _content(deps, caller, promotion_id, fields)
        with as_problems():
            write = domain.replaced(before, content, editor)
        if write is not None:
            await _check_room(deps, caller.tenant_id, before, content)
        return write

    return await _change(deps, caller, promotion_id, decide, editor, seen=seen)


async def remove(deps: Deps, caller: Principal, promotion_id: str, editor: Editor, *, seen: int | None) -> Document:
    """Take a promotion away at once; its id is never given out again. Doing it again changes nothing.

    Raises NotFound, Forbidden, Conflict like `replace`.
    """

    async def decide(before: Document) -> Write | None:
        return domain.removed(before, editor)

    return await _change(deps, caller, promotion_id, decide, editor, seen=seen, removed_too=True)


async def versions(
    deps: Deps, caller: Principal, promotion_id: str, *, page: int, limit: int
) -> tuple[list[Document], int]:
    """Every version of a promotion, newest first, also of one that was removed. Raises NotFound."""
    found = await read(deps, caller, promotion_id, removed_too=True)
    await deps.promotions.settle(found)
    return await deps.versions.page(caller.tenant_id, promotion_id, page, limit)


async def sweep(deps: Deps, *, before: datetime, limit: int = 500) -> None:
    """Finish what dead processes left."""
    moved = await deps.promotions.settle_unfinished(before, limit)
    published = await deps.events.sweep()
    if moved or published:
        log.warning("discount.edits_finished", moved=moved, published=published)


# ---- a dry run -----------------------------------------------------------------------------------------------


async def try_out(deps: Deps, caller: Principal, trial: Trial) -> tuple[Store, Totals]:
    """What a basket would cost. Nothing is kept.

    Raises Forbidden for a store that is not the caller's, Malformed for a basket or a promotion that cannot be.
    """
    store = await _own_store(deps, caller, trial.store_id)
    rules = await _rules(deps, store, trial)
    wanted = [item["barcode"] for item in trial.lines if item["unitPrice"] is None and item["amount"] is None]
    held = await deps.products.get_many(store.tenant_id, store.id, wanted) if wanted else {}
    lines = []
    for index, item in enumerate(trial.lines):
        with as_problems(at=f"lines.{index}"):
            found = None
            if item["unitPrice"] is None and item["amount"] is None:
                if item["barcode"] not in held:
                    raise Invalid("this store does not know the product", code="UNKNOWN_PRODUCT", field="barcode")
                found = held[item["barcode"]].product()
            lines.append(domain.line_of(item, found, trial.rounding))
    facts = Facts(
        store.id, trial.moment, ZoneInfo(store.time_zone), trial.groups, trial.codes, trial.usage, trial.rounding
    )
    with as_problems(at="lines"):
        # Hundreds of rules on thousands of units take a while, and other requests are waiting.
        return store, await asyncio.to_thread(total_up, lines, rules, facts, trial.taxes)


async def _rules(deps: Deps, store: Store, trial: Trial) -> list[Rule]:
    rules = {}
    if trial.saved != "none":
        statuses = (domain.ACTIVE, domain.DRAFT) if trial.saved == "all" else (domain.ACTIVE,)
        for document in await deps.promotions.of_store(store.tenant_id, store.id, statuses, MOST_ASKED):
            name = document["promotionId"]
            rules[name] = domain.rule_of(name, document["ver"], document)
    for index, (name, fields) in enumerate(trial.unsaved.items()):
        with as_problems(at=f"promotions.{index}"):
            rules[name] = domain.rule_of(name, 0, fields)
    return list(rules.values())


# ---- how an edit is made -------------------------------------------------------------------------------------


async def _change(
    deps: Deps,
    caller: Principal,
    promotion_id: str,
    decide: Callable[[Document], Awaitable[Write | None]],
    editor: Editor,
    *,
    seen: int | None,
    removed_too: bool = False,
) -> Document:
    """Decide on what is there and write if it is still so, again when it is not."""
    for _ in range(ROUNDS):
        before = await read(deps, caller, promotion_id, removed_too=removed_too)
        if domain.made_by(before, editor):
            return before
        if not domain.covers(caller.store_ids, before["storeIds"]):
            raise _not_in_scope()
        if seen is not None and seen != before["ver"]:
            details = {"ver": before["ver"]}
            raise Conflict("somebody has edited this since", code="VERSION_CONFLICT", details=details)
        write = await decide(before)
        if write is None:
            return before
        after = await deps.promotions.update(caller.tenant_id, promotion_id, before["ver"], write)
        if after is not None:
            await _tell(deps, after, write)
            return after
    raise Conflict("this is being changed all the time: try again", code="CONCURRENT_EDIT", retry_after=1)


async def _tell(deps: Deps, document: Document, write: Write) -> None:
    """The edit is safe. History and event follow; whatever fails here is done by the sweep."""
    await failpoints.hit("discount.after_mongo_before_versions")
    try:
        await deps.promotions.settle(document)
    except Exception as error:  # the edit and its entry are stored together: only the move is late
        log.warning("discount.version_deferred", error=type(error).__name__)
    if write.event is not None:
        await deps.events.flush(document, [write.event])


async def _content(deps: Deps, caller: Principal, promotion_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored. Raises Malformed, Forbidden for stores that are not the caller's to decide for."""
    with as_problems():
        content = domain.content_of(promotion_id, fields)
    if not domain.covers(caller.store_ids, content["storeIds"]):
        raise _not_in_scope()
    for store_id in content["storeIds"] or ():
        await _own_store(deps, caller, store_id)
    return content


async def _own_store(deps: Deps, caller: Principal, store_id: str) -> Store:
    store = await deps.store(caller.tenant_id, store_id) if caller.may_use_store(store_id) else None
    if store is None:
        raise _not_in_scope()
    return store


async def _check_room(deps: Deps, tenant_id: str, before: Document | None, content: Mapping[str, Any]) -> None:
    """Raises Conflict when one more active promotion would be too many."""
    becomes = content["status"] == domain.ACTIVE and (before is None or before["status"] != domain.ACTIVE)
    if becomes and await deps.promotions.count_active(tenant_id) >= domain.MOST_ACTIVE:
        message = f"there are {domain.MOST_ACTIVE} active promotions, which is the most: end one first"
        raise Conflict(message, code="TOO_MANY_ACTIVE")


def _not_in_scope() -> Problem:
    return Forbidden("your token does not cover these stores", code="STORE_NOT_IN_SCOPE")


@contextmanager
def as_problems(at: str = "") -> Iterator[None]:
    """What the rules refuse, as the caller's problem; `at` is where in the body it stands."""
    try:
        yield
    except Invalid as problem:
        field = f"{at}.{problem.field}".strip(".")
        raise Malformed(str(problem), code=problem.code, field=field) from None
    except Refused as problem:
        raise Conflict(str(problem), code=problem.code) from None
    except BasketInvalid as problem:
        raise Malformed(str(problem), code="INVALID_BASKET", field=at) from None
    except TaxClassUnknown as problem:
        raise Malformed(str(problem), code="UNKNOWN_TAX_CLASS", field="taxes.classes") from None
