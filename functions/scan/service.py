"""The verbs of the scan door: scan one symbol, scan many. Gather, decide, render; dependencies come as arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple, Protocol

from functions.common import envelope
from functions.common.auth import Principal
from functions.common.errors import Conflict, Malformed, NotFound, Problem
from functions.common.product_reader import Held
from functions.common.retail.barcode import InvalidCode
from functions.common.retail.scancode import Resolved, resolve
from functions.scan import domain
from functions.scan.domain import Found, StoreRules

ANSWER_SECONDS = 5.0
"""How long an answer may outlive a change of its store (its label templates, its closing)."""
ANSWERS = 10_000
ANSWER_CODE_LENGTH = 14


class Products(Protocol):
    """What is sold where; `functions.common.product_reader.ProductReader`."""

    async def get(self, tenant_id: str, store_id: str, barcode: str) -> Held | None: ...

    async def get_many(self, tenant_id: str, store_id: str, barcodes: Iterable[str]) -> Mapping[str, Held]: ...


class Stores(Protocol):
    """The rules of stores."""

    async def rules(self, tenant_id: str, store_id: str) -> StoreRules | None: ...


class Symbol(NamedTuple):
    """What a scanner read, and the shopper's quantity in thousandths."""

    code: str
    symbology: str | None = None
    quantity: int | None = None


class Answers:
    """Finished answers of this process: the same code in the same store costs two look-ups and no JSON.

    An answer is used while the product it was made from is fresh (`Held.fresh_until`), so it can never be older
    than the product, and it carries no date: only codes that say the same at any time are kept.
    """

    __slots__ = ("_kept", "_limit")

    def __init__(self, limit: int = ANSWERS) -> None:
        self._kept: dict[tuple[str, str, str], tuple[bytes, Held, float]] = {}
        self._limit = limit

    def get(self, caller: Principal, code: str) -> bytes | None:
        """The `data` of the answer, if it may be given without asking anyone."""
        kept = self._kept.get((caller.tenant_id, caller.store_id, code))
        if kept is None:
            return None
        now = monotonic()
        return kept[0] if now < kept[1].fresh_until and now < kept[2] else None

    def keep(self, caller: Principal, code: str, answer: bytes, held: Held, store_read_at: float) -> None:
        """Remember an answer made from `held`."""
        kept = self._kept
        key = (caller.tenant_id, caller.store_id, code)
        # Re-inserted at the end, so that the first is the one that was made longest ago.
        kept.pop(key, None)
        while len(kept) >= self._limit:
            del kept[next(iter(kept))]
        # A copy: what orjson makes keeps a buffer of 4 KB and more behind it for as long as it lives.
        kept[key] = (bytes(memoryview(answer)), held, store_read_at + ANSWER_SECONDS)


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with. `low_stock` in thousandths."""

    products: Products
    stores: Stores
    answers: Answers
    low_stock: int


async def scan(deps: Deps, caller: Principal, symbol: Symbol, now: datetime) -> bytes:
    """The answer to one symbol, as JSON.

    Raises Malformed (INVALID_CODE, CODE_IS_COUPON), NotFound (PRODUCT_NOT_FOUND) and Conflict
    (PRODUCT_NOT_FOR_SALE, STORE_CLOSED).
    """
    began = monotonic()
    store = await _open_store(deps, caller)
    resolved = _read(symbol, store, now)
    held = {}
    for barcode in resolved.lookup:
        match = await deps.products.get(caller.tenant_id, caller.store_id, barcode)
        if match is not None:
            held[barcode] = match
            break
    answer = envelope.encode(_answer(deps, symbol, resolved, held, store, now))
    if (
        symbol.symbology is None
        and symbol.quantity is None
        and len(symbol.code) <= ANSWER_CODE_LENGTH
        and domain.is_timeless(resolved)
        and resolved.lookup[0] in held
    ):
        deps.answers.keep(caller, symbol.code, answer, held[resolved.lookup[0]], began)
    return answer


async def scan_many(deps: Deps, caller: Principal, symbols: Sequence[Symbol], now: datetime) -> dict[str, Any]:
    """The answers to several symbols in their order, each with its data or its error; one read for all of them.

    Raises Conflict (STORE_CLOSED).
    """
    store = await _open_store(deps, caller)
    read: list[Resolved | Problem] = [_try_read(symbol, store, now) for symbol in symbols]
    barcodes = {barcode for each in read if isinstance(each, Resolved) for barcode in each.lookup}
    held = await deps.products.get_many(caller.tenant_id, caller.store_id, barcodes) if barcodes else {}
    items = []
    for index, (symbol, resolved) in enumerate(zip(symbols, read, strict=True)):
        try:
            if isinstance(resolved, Problem):
                raise resolved
            data = _answer(deps, symbol, resolved, held, store, now)
            items.append({"index": index, "success": True, "data": data, "error": None})
        except Problem as problem:
            error = {"code": problem.code, "message": problem.message, "details": problem.details}
            items.append({"index": index, "success": False, "data": None, "error": error})
    return {**domain.batch_counts(items), "items": items}


async def _open_store(deps: Deps, caller: Principal) -> StoreRules:
    store = await deps.stores.rules(caller.tenant_id, caller.store_id)
    if store is None:
        raise Conflict("this store is not open for scan and go", code="STORE_CLOSED")
    return store


def _read(symbol: Symbol, store: StoreRules, now: datetime) -> Resolved:
    try:
        content = domain.symbol(symbol.code, symbol.symbology)
        # Only GS1 data have dates, and plain digits are most of what is scanned.
        today = None if content.isdigit() else store.local(now).date()
        resolved = resolve(content, store.templates, today=today)
    except InvalidCode as invalid:
        details = [{"field": "code", "code": invalid.code.value, "message": invalid.message}]
        raise Malformed("this is not a code that a product can have", code="INVALID_CODE", details=details) from None
    if not resolved.lookup:
        raise Malformed("this code is a coupon, not a product", code="CODE_IS_COUPON")
    return resolved


def _try_read(symbol: Symbol, store: StoreRules, now: datetime) -> Resolved | Problem:
    try:
        return _read(symbol, store, now)
    except Problem as problem:
        return problem


def _answer(
    deps: Deps, symbol: Symbol, resolved: Resolved, held: Mapping[str, Held], store: StoreRules, now: datetime
) -> dict[str, Any]:
    found = next((_found(barcode, held[barcode]) for barcode in resolved.lookup if barcode in held), None)
    if found is None:
        raise NotFound(
            "this store does not know the product",
            code="PRODUCT_NOT_FOUND",
            details={"barcodes": list(resolved.lookup), "kind": resolved.kind.value},
        )
    if not domain.is_for_sale(found.product):
        raise Conflict(
            "this product is not for sale at the moment",
            code="PRODUCT_NOT_FOR_SALE",
            details={"barcode": found.product["barcode"], "name": found.product["name"]},
        )
    return domain.describe(
        resolved,
        found,
        store,
        now=now,
        low_stock=deps.low_stock,
        quantity=symbol.quantity,
        symbology=symbol.symbology,
    )


def _found(barcode: str, held: Held) -> Found:
    return Found(barcode, held.product(), held.ver)
