"""The verbs on products: create, edit, withdraw, load, list. Gather, decide, apply; then tell the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.catalog import domain
from functions.catalog.repository import Listing
from functions.common import failpoints, log, product_edits
from functions.common.errors import Conflict, Malformed, NotFound, Problem
from functions.common.mongo import Document
from functions.common.product_edits import AuditEntry, Editor, Initial, Invalid, Write
from functions.common.products import DELETED, ProductDocument
from functions.common.stores import Store

# Price updates move a product's version too, so an edit may have to be decided again; never often.
ROUNDS = 8


class Products(Protocol):
    """This room's products; see `repository.MongoProducts`."""

    async def find(self, tenant_id: str, store_id: str, barcodes: Sequence[str]) -> dict[str, ProductDocument]: ...
    async def sharing(
        self, tenant_id: str, store_id: str, barcodes: Sequence[str], unit_barcodes: Sequence[str]
    ) -> list[ProductDocument]: ...
    async def apply(self, tenant_id: str, store_id: str, writes: Sequence[Write]) -> set[str]: ...
    async def settle(self, tenant_id: str, store_id: str, entries: Mapping[str, Sequence[AuditEntry]]) -> None: ...
    async def page(self, tenant_id: str, store_id: str, listing: Listing) -> tuple[list[ProductDocument], int]: ...
    async def unsettled(self, before: datetime, limit: int) -> list[ProductDocument]: ...


class Audit(Protocol):
    """The audit log, for reading."""

    async def page(
        self, scope: Mapping[str, str], entity: str, entity_id: str, page: int, limit: int
    ) -> tuple[list[Document], int]: ...


class Brands(Protocol):
    """Which brands a tenant has."""

    async def names(self, tenant_id: str, among: Iterable[str] | None = None) -> set[str]: ...


class Cache(Protocol):
    """The versioned product cache; its writes never raise."""

    async def write_documents(self, docs: Iterable[Mapping[str, Any]], *, units: bool = False) -> int: ...


class Events(Protocol):
    """Publishes what lies in the outboxes of products and takes it out."""

    async def flush(self, outboxes: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]) -> bool: ...
    async def sweep(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with."""

    products: Products
    audit: Audit
    brands: Brands
    cache: Cache
    events: Events


@dataclass(frozen=True, slots=True)
class Item:
    """A product as somebody wants it: `fields` is complete, `given` only what was named."""

    barcode: str
    fields: Mapping[str, Any]
    given: Mapping[str, Any]
    initial: Initial


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item."""

    barcode: str | None
    outcome: str
    ver: int | None = None
    reason: str | None = None
    message: str | None = None
    document: ProductDocument | None = None


async def create(deps: Deps, store: Store, wanted: Mapping[str, Any], editor: Editor) -> ProductDocument:
    """Put a product on sale, or back on sale. Repeating the request finds what it has made.

    Raises Malformed for values that break a rule, Conflict when the barcode is in use.
    """
    with as_problems():
        item = _item(wanted, wanted, store, editor)
    (outcome,) = await _load(deps, store, [item], editor, revive_only=True)
    if outcome.outcome == "rejected":
        refusal = Malformed if outcome.reason == "UNKNOWN_BRAND" else Conflict
        raise refusal(outcome.message or "", code=outcome.reason)
    assert outcome.document is not None
    return outcome.document


async def read(deps: Deps, store: Store, barcode: str) -> ProductDocument:
    """A product that was not withdrawn. Raises NotFound."""
    found = await _find(deps, store, barcode)
    if found is None or found["status"] == DELETED:
        raise _unknown()
    return found


async def edit(
    deps: Deps, store: Store, barcode: str, patch: Mapping[str, Any], editor: Editor, *, seen: int | None
) -> ProductDocument:
    """Change what a patch names; nothing is written when nothing changes.

    Raises NotFound, Malformed for values that break a rule, Conflict when the product was edited after the
    version `seen`, or when a pack's barcode is in use.
    """
    with as_problems():
        if "units" in patch:
            own = domain.canonical_barcode(barcode)
            patch = {**patch, "units": domain.canonical_units(own, patch["units"])}
    await _check_references(deps, store, barcode, patch)

    def decide(before: ProductDocument) -> Write | None:
        if before["status"] == DELETED:
            raise _unknown()
        if domain.outdated(seen, product_edits.last_edit(before)):
            raise Conflict(
                "somebody else has edited this since: read it again",
                code="VERSION_CONFLICT",
                details={"ver": before["ver"]},
            )
        with as_problems():
            return product_edits.edited(before, patch, editor)

    return await _change(deps, store, barcode, decide)


async def withdraw(deps: Deps, store: Store, barcode: str, editor: Editor) -> ProductDocument:
    """Take a product off sale; doing it again changes nothing. Raises NotFound."""
    return await _change(deps, store, barcode, lambda before: product_edits.withdrawn(before, editor))


async def load(
    deps: Deps, store: Store, wanted: Sequence[Mapping[str, Any] | Outcome], editor: Editor
) -> list[Outcome]:
    """Create what is new and change what differs, up to 500 products in a few round trips.

    `wanted` holds, in the order of the request, checked items or the outcome of those that failed the check.
    Price and stock of a product that exists are left to the price stream.
    """
    outcomes: dict[int, Outcome] = {}
    items: dict[int, Item] = {}
    for index, each in enumerate(wanted):
        if isinstance(each, Outcome):
            outcomes[index] = each
            continue
        try:
            items[index] = _item(each["fields"], each["given"], store, editor)
        except Invalid as problem:
            outcomes[index] = Outcome(each["fields"]["barcode"], "rejected", None, problem.code, str(problem))
    counts: dict[str, int] = {}
    for item in items.values():
        counts[item.barcode] = counts.get(item.barcode, 0) + 1
    for index, item in list(items.items()):
        if counts[item.barcode] > 1:
            message = "the barcode stands in this request more than once; none of them was taken"
            outcomes[index] = Outcome(item.barcode, "rejected", None, "DUPLICATE_IN_REQUEST", message)
            del items[index]
    done = await _load(deps, store, list(items.values()), editor, revive_only=False) if items else []
    outcomes.update(zip(items, done, strict=True))
    return [outcomes[index] for index in range(len(wanted))]


async def page(deps: Deps, store: Store, listing: Listing) -> tuple[list[ProductDocument], int]:
    """One page of a store's products."""
    return await deps.products.page(store.tenant_id, store.id, listing)


async def history(deps: Deps, store: Store, barcode: str, *, page: int, limit: int) -> tuple[list[Document], int]:
    """Who changed what, newest first; also of a product that was withdrawn. Raises NotFound."""
    found = await _find(deps, store, barcode)
    if found is None:
        raise _unknown()
    scope = {"tenantId": store.tenant_id, "storeId": store.id}
    return await deps.audit.page(scope, "product", found["barcode"], page, limit)


async def sweep(deps: Deps, *, before: datetime, limit: int = 500) -> int:
    """Finish what dead processes left: cache, audit entries, events. Returns how many products that were."""
    left = await deps.products.unsettled(before, limit)
    await deps.cache.write_documents(left, units=True)
    for document in left:
        entries: Any = document.get("audit") or []
        await deps.products.settle(document["tenantId"], document["storeId"], {document["barcode"]: entries})
    if left:
        log.info("catalog.edits_finished", products=len(left))
    return len(left) + await deps.events.sweep()


# ---- how an edit is made ---------------------------------------------------------------------------------


async def _change(
    deps: Deps, store: Store, barcode: str, decide: Callable[[ProductDocument], Write | None]
) -> ProductDocument:
    """Decide on what is there and write if it is still so, again when it is not."""
    for _ in range(ROUNDS):
        before = await _find(deps, store, barcode)
        if before is None:
            raise _unknown()
        write = decide(before)
        if write is None:
            return before
        if await deps.products.apply(store.tenant_id, store.id, [write]):
            await _tell(deps, store, [write])
            return write.after
    raise _busy()


async def _load(deps: Deps, store: Store, items: Sequence[Item], editor: Editor, *, revive_only: bool) -> list[Outcome]:
    """Bring items about, deciding again on those that somebody else changed meanwhile."""
    outcomes = await _refused(deps, store, items)
    written: list[Write] = []
    for _ in range(ROUNDS):
        waiting = [item for item in items if item.barcode not in outcomes]
        if not waiting:
            break
        found = await deps.products.find(store.tenant_id, store.id, [item.barcode for item in waiting])
        writes: list[Write] = []
        for item in waiting:
            decided = _decide(store, found.get(item.barcode), item, editor, revive_only=revive_only)
            if isinstance(decided, Outcome):
                outcomes[item.barcode] = decided
            else:
                writes.append(decided)
        if not writes:
            break
        took = await deps.products.apply(store.tenant_id, store.id, writes)
        for write in writes:
            after = write.after
            if after["barcode"] in took:
                written.append(write)
                outcome = "updated" if write.entry["action"] == "updated" else "created"
                outcomes[after["barcode"]] = Outcome(after["barcode"], outcome, after["ver"], document=after)
    await _tell(deps, store, written)
    busy = _busy()
    lost = Outcome(None, "rejected", None, busy.code, busy.message)
    return [outcomes.get(item.barcode, lost) for item in items]


def _decide(
    store: Store, before: ProductDocument | None, item: Item, editor: Editor, *, revive_only: bool
) -> Write | Outcome:
    if before is None:
        return product_edits.new_product(store.tenant_id, store.id, item.barcode, item.fields, item.initial, editor)
    made = product_edits.made_by(before, editor)
    if made is not None:
        # A repeated request: its first attempt wrote this and died before it could say so.
        return Outcome(item.barcode, made, before["ver"], document=before)
    if before["status"] == DELETED:
        return product_edits.revived(before, item.fields, item.initial, editor)
    if revive_only:
        message = "the store has a product with this barcode"
        return Outcome(item.barcode, "rejected", None, "PRODUCT_EXISTS", message)
    try:
        write = product_edits.edited(before, item.given, editor)
    except Invalid as problem:
        return Outcome(item.barcode, "rejected", None, problem.code, str(problem))
    return write or Outcome(item.barcode, "unchanged", before["ver"], document=before)


async def _tell(deps: Deps, store: Store, writes: Sequence[Write]) -> None:
    """The edits are safe. Cache, audit log and events follow; whatever fails here is done by the sweep."""
    if not writes:
        return
    await failpoints.hit("catalog.after_mongo_before_cache")
    await deps.cache.write_documents([write.after for write in writes], units=True)
    try:
        await deps.products.settle(
            store.tenant_id, store.id, {write.after["barcode"]: [write.entry] for write in writes}
        )
    except Exception as error:  # the edit and its entry are stored together: only the move is late
        log.warning("catalog.audit_deferred", error=type(error).__name__)
    await deps.events.flush([(write.after, [write.event]) for write in writes if write.event is not None])


# ---- what an edit must respect ---------------------------------------------------------------------------


def _item(fields: Mapping[str, Any], given: Mapping[str, Any], store: Store, editor: Editor) -> Item:
    code = domain.canonical_barcode(fields["barcode"])
    packs = {"units": domain.canonical_units(code, fields["units"])}
    wanted = {name: fields[name] for name in product_edits.PRODUCT_FIELDS} | packs
    named = {name: wanted[name] for name in product_edits.PRODUCT_FIELDS if name in given}
    return Item(code, wanted, named, domain.stated(fields, store.currency, editor))


async def _refused(deps: Deps, store: Store, items: Sequence[Item]) -> dict[str, Outcome]:
    """Items that name an unknown brand or a barcode that means another product here."""
    wanted = {item.fields["brandId"] for item in items if item.fields["brandId"] is not None}
    known = await deps.brands.names(store.tenant_id, wanted) if wanted else set()
    codes = {item.barcode: [unit["barcode"] for unit in item.fields["units"]] for item in items}
    taken = domain.ambiguous(codes, await _sharing(deps, store, codes))
    refused: dict[str, Outcome] = {}
    for item in items:
        brand = item.fields["brandId"]
        if brand is not None and brand not in known:
            refused[item.barcode] = Outcome(item.barcode, "rejected", None, "UNKNOWN_BRAND", _NO_BRAND)
        elif item.barcode in taken:
            refused[item.barcode] = Outcome(item.barcode, "rejected", None, "BARCODE_IN_USE", _IN_USE)
    return refused


async def _check_references(deps: Deps, store: Store, barcode: str, patch: Mapping[str, Any]) -> None:
    brand = patch.get("brandId")
    if brand is not None and brand not in await deps.brands.names(store.tenant_id, {brand}):
        raise Malformed(_NO_BRAND, code="UNKNOWN_BRAND", field="brandId")
    if patch.get("units"):
        codes = {barcode: [unit["barcode"] for unit in patch["units"]]}
        if domain.ambiguous(codes, await _sharing(deps, store, codes)):
            raise Conflict(_IN_USE, code="BARCODE_IN_USE")


async def _sharing(deps: Deps, store: Store, codes: Mapping[str, Sequence[str]]) -> list[ProductDocument]:
    packs = [code for several in codes.values() for code in several]
    return await deps.products.sharing(store.tenant_id, store.id, list(codes), packs)


async def _find(deps: Deps, store: Store, barcode: str) -> ProductDocument | None:
    try:
        code = domain.canonical_barcode(barcode)
    except Invalid:
        return None
    return (await deps.products.find(store.tenant_id, store.id, [code])).get(code)


_NO_BRAND = "there is no such brand"
_IN_USE = "a barcode of this product or of its packs means another product here"


def _unknown() -> Problem:
    return NotFound("there is no such product", code="PRODUCT_NOT_FOUND")


def _busy() -> Problem:
    return Conflict("this product is being changed all the time: try again", code="CONCURRENT_EDIT", retry_after=1)


@contextmanager
def as_problems() -> Iterator[None]:
    """A broken rule of the domain is the caller's mistake."""
    try:
        yield
    except Invalid as problem:
        raise Malformed(str(problem), code=problem.code, field=problem.field or "body") from None
