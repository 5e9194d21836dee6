"""Applying price and stock updates: gather, decide, apply, tell; for many messages at once.

What one round does, in this order, and why a crash anywhere loses nothing: the products are written first, and with
each field the id of the update that wrote it. Then the cache, the ledger and the reports, then the events; only then
are the messages acknowledged. After a crash they come again, find their own ids in the products, and do the rest
again under the same ids.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from functions.common import clock, failpoints, log, metrics, mongo
from functions.common.errors import Rejected, Retryable
from functions.common.pubsub import OutMessage
from functions.common.retail import stocktaking
from functions.common.retail.stocktaking import Entry
from functions.price_ingest import announcing, domain, reading
from functions.price_ingest.domain import PARKED, REJECTED, Product, Update, Verdict
from functions.price_ingest.parts import Item, Part, Round
from functions.price_ingest.reporting import Reporter
from functions.price_ingest.repository import Key, Parked, Products

_TRIES = 8
_PATIENCE_SECONDS = 20.0
"""How long a round tries to reach MongoDB before its messages go back to Pub/Sub; well below the ack deadline."""

_outcomes = metrics.Counter("price_updates", "Updates by what became of them.", ("outcome",))
_lost = metrics.Counter("price_writes_lost", "Compare-and-sets lost to another writer, and done again.").labels()


class Cache(Protocol):
    """The product cache, as a writer sees it."""

    async def supersede(self, store_id: str, versions: Iterable[tuple[str, int]]) -> list[str]: ...
    async def write_documents(self, docs: Iterable[Mapping[str, Any]]) -> int: ...


class Message(Protocol):
    """A Pub/Sub message, as far as this room looks at it."""

    id: str
    data: bytes
    attributes: dict[str, str]

    @property
    def publish_time(self) -> datetime: ...

    def json(self) -> Any: ...


class Ingest:
    """The verbs of the applying door."""

    def __init__(
        self,
        *,
        products: Products,
        parked: Parked,
        reporter: Reporter,
        cache: Cache,
        movements: Callable[[str, Mapping[Key, int]], Awaitable[Mapping[Key, list[Entry]]]],
        add_counts: Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]],
        publish: Callable[[Sequence[OutMessage]], Awaitable[Any]],
        currency_of: Callable[[str, str], Awaitable[str | None]],
    ) -> None:
        self._products, self._parked, self._reporter, self._cache = products, parked, reporter, cache
        self._movements, self._add_counts = movements, add_counts
        self._publish, self._currency_of = publish, currency_of

    # -- one message ----------------------------------------------------------------------------------------------

    async def read(self, tenant_id: str, message: Message) -> Part:
        """The updates of a message, checked; raises Rejected when there are none to be found in it."""
        try:
            items = reading.items_of(message.json())
            batch_id, offset = reading.batch_of(message.attributes)
        except ValueError as error:
            raise Rejected(str(error), code="BAD_SHAPE") from error
        currencies = {}
        for store_id in reading.stores_of(items):
            currency = await self._currency_of(tenant_id, store_id)
            if currency is not None:
                currencies[store_id] = currency
        key = reading.key_of(message.id, message.data)
        latest = clock.micros() + reading.FUTURE_MICROS
        envelope = reading.Envelope(key, min(reading.published_at(message), latest), latest, currencies)
        updates, refusals = reading.read(items, envelope)
        return Part(tenant_id, key, batch_id, offset, updates, refusals, replayed="replayOf" in message.attributes)

    async def refuse(self, part: Part) -> None:
        """Report a message none of whose updates can be applied; without a batch it becomes a dead letter."""
        await self._reporter.report([part])
        _count([part])
        if part.batch_id is None:
            first = part.refusals[0]
            raise Rejected(f"none of {len(part.refusals)} updates is valid: {first.message}", code=first.code)

    # -- one round ------------------------------------------------------------------------------------------------

    async def settle(
        self, tenant_id: str, parts: Sequence[Part], *, parked: bool = False
    ) -> list[BaseException | None]:
        """Apply the updates of some messages of one tenant; one result for each, None for success."""
        try:
            await self._settle(tenant_id, parts, parked)
        except Exception as error:
            if len(parts) == 1 or _is_systemic(error):
                return [error] * len(parts)
            # One of them may be the cause: the others must not go down with it.
            log.error("price.round_failed", error, tenantId=tenant_id, messages=len(parts))
            return [(await self.settle(tenant_id, [part], parked=parked))[0] for part in parts]
        return [part.failure for part in parts]

    async def _settle(self, tenant_id: str, parts: Sequence[Part], parked: bool) -> None:
        now = clock.now()
        left: dict[Key, list[Item]] = {}
        for part in parts:
            for position, update in enumerate(part.updates):
                left.setdefault((update.store_id, update.barcode), []).append((part, position))
        round_ = Round(tenant_id, now, left, _fields(parts), parked=parked)
        await self._until_settled(round_)
        done = [part for part in parts if part.failure is None]
        await failpoints.hit("price.after_mongo_before_cache")
        await self._tell(round_, done)
        _count(done)

    async def _until_settled(self, round_: Round) -> None:
        """Gather, decide and write until every update has come to its end; what was lost to others goes again."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        lost = 0
        while round_.left:
            try:
                await self._attempt(round_)
            except Exception as error:
                if not _is_outage(error):
                    raise
                if time.monotonic() > deadline:
                    raise Retryable(f"MongoDB cannot be reached ({type(error).__name__})") from error
                # It is unknown what was written. The next look at the products tells.
                await _pause(0.5)
                continue
            if round_.left:
                lost += 1
                if lost >= _TRIES:
                    _give_up(round_)
                    return
                await _pause(0.001 * 2**lost)

    async def _attempt(self, round_: Round) -> None:
        documents = await self._products.find(round_.tenant_id, round_.left, *round_.fields)
        missing = {key: items for key, items in round_.left.items() if key not in documents}
        if missing:
            await self._park(round_, missing)
        for key, document in documents.items():
            for part, position in round_.left[key]:
                if part.replayed:
                    part.recognise(position, document)
        moves = await self._needed_movements(round_, documents)
        waiting: list[tuple[Key, list[Item], Verdict, mongo.Document]] = []
        for key, document in documents.items():
            items = round_.left[key]
            try:
                verdict = _decide(document, items, moves.get(key))
            except Exception as error:  # a bug that one product brings out must not stop the others
                log.error("price.decision_failed", error, storeId=key[0], barcode=key[1])
                _fail(items, error)
                del round_.left[key]
                continue
            if verdict.writes:
                waiting.append((key, items, verdict, document))
            else:
                round_.settle(items, verdict, document)
                del round_.left[key]
        await failpoints.hit("price.before_mongo")
        changes = [(document, verdict.price, verdict.stock) for _, _, verdict, document in waiting]
        lost = set(await self._products.write(round_.tenant_id, changes, round_.now))
        _lost.value += len(lost)
        for index, (key, items, verdict, document) in enumerate(waiting):
            if index not in lost:
                round_.settle(items, verdict, document)
                del round_.left[key]

    async def _needed_movements(
        self, round_: Round, documents: Mapping[Key, mongo.Document]
    ) -> Mapping[Key, list[Entry]]:
        since: dict[Key, int] = {}
        if "stock" not in round_.fields:
            return {}
        for key, document in documents.items():
            times = [
                update.t for part, position in round_.left[key] if (update := part.updates[position]).stock is not None
            ]
            if times and not stocktaking.reaches_back(document.get("stock"), min(times)):
                since[key] = min(times)
        return await self._movements(round_.tenant_id, since) if since else {}

    async def _park(self, round_: Round, missing: Mapping[Key, list[Item]]) -> None:
        """Keep updates of products that do not exist. What exists after all stays in the round, to be applied."""
        updates = [part.updates[position] for items in missing.values() for part, position in items]
        await self._parked.park(round_.tenant_id, updates, round_.now)
        # A product created since we looked has had its event already: nobody else would come for these.
        born = await self._products.find(round_.tenant_id, missing)
        for key, items in missing.items():
            if key in born:
                continue
            for part, position in items:
                part.outcomes[position] = PARKED
            del round_.left[key]

    async def _tell(self, round_: Round, done: Sequence[Part]) -> None:
        """Tell the cache, the ledger, the reports, and then the world. The first never fails, the others may."""
        await asyncio.gather(
            self._tell_cache(round_),
            self._add_counts(round_.counted),
            self._reporter.report(done),
        )
        messages = announcing.events(
            round_.tenant_id, round_.changes, round_.now, of={part.key for part in done}, parked=round_.parked
        )
        if messages:
            await self._publish(messages)
        await failpoints.hit("price.after_publish_before_ack")

    async def _tell_cache(self, round_: Round) -> None:
        """Void what the cache has of the written products, and put the new values of those that somebody scans.

        An ERP writes its whole assortment, shoppers look at a small part of it: to read and send whole products for
        all would cost more than the updates themselves. A reader who comes between the two reads MongoDB.
        """
        by_store: dict[str, list[tuple[str, int]]] = {}
        for document in round_.touched:
            by_store.setdefault(document["storeId"], []).append((document["barcode"], document["ver"]))
        scanned = await asyncio.gather(*(self._cache.supersede(*each) for each in by_store.items()))
        keys = [(store_id, barcode) for store_id, found in zip(by_store, scanned, strict=True) for barcode in found]
        if not keys:
            return
        try:
            await self._cache.write_documents(await self._products.find_whole(round_.tenant_id, keys))
        except Exception as error:  # the old values are void already, which is what counts
            log.warning("price.cache_not_refreshed", error=type(error).__name__, products=len(keys))

    # -- parked updates -------------------------------------------------------------------------------------------

    async def apply_parked(self, tenant_id: str, store_id: str, barcodes: Sequence[str]) -> None:
        """Apply what is parked for products that exist now; with nothing parked, do nothing."""
        documents = await self._parked.find(tenant_id, store_id, barcodes, clock.now())
        if not documents:
            return
        parts = [_parked_part(tenant_id, document) for document in documents]
        failures = await self.settle(tenant_id, parts, parked=True)
        done = [
            document
            for document, part, failure in zip(documents, parts, failures, strict=True)
            if failure is None and PARKED not in part.outcomes
        ]
        await self._parked.remove(tenant_id, store_id, done)
        for failure in failures:
            if failure is not None:
                raise failure


async def _pause(most: float) -> None:
    await asyncio.sleep(random.uniform(0, most))


def _fields(parts: Iterable[Part]) -> list[str]:
    price = stock = False
    for part in parts:
        for update in part.updates:
            price = price or update.price is not None
            stock = stock or update.stock is not None
    return [name for name, wanted in (("price", price), ("stock", stock)) if wanted]


def _decide(document: mongo.Document, items: list[Item], moves: list[Entry] | None) -> Verdict:
    product = Product(document["_id"], document["ver"], document.get("price"), document.get("stock"))
    return domain.decide(product, [part.updates[position] for part, position in items], moves)


def _parked_part(tenant_id: str, document: Mapping[str, Any]) -> Part:
    updates = []
    for name in ("price", "stock"):
        kept = document.get(name)
        if kept is not None:
            t, q, s = kept["k"]
            price, count = (kept["v"], None) if name == "price" else (None, kept["v"])
            scope = (document["storeId"], document["barcode"])
            updates.append(Update(*scope, price, count, kept["c"], int(t), int(q), s, kept["e"], 0))
    return Part(tenant_id, f"parked:{document['_id']}", None, 0, updates, [])


def _fail(items: Iterable[Item], error: BaseException) -> None:
    for part, _ in items:
        part.failure = error


def _give_up(round_: Round) -> None:
    for items in round_.left.values():
        _fail(items, Retryable("the product is changing too fast"))
    round_.left = {}


def _count(parts: Sequence[Part]) -> None:
    counts = domain.add_up(outcome for part in parts for outcome in part.outcomes if outcome is not None)
    counts[REJECTED] += sum(len(part.refusals) for part in parts)
    for outcome, count in counts.items():
        if count:
            _outcomes.inc(outcome, amount=count)


def _is_systemic(error: Exception) -> bool:
    """Whether the next message would fare no better: a dependency is away."""
    away = isinstance(error, Retryable | TimeoutError | OSError | failpoints.FailpointHit) or _is_outage(error)
    return away or type(error).__module__.startswith(("google.api_core", "grpc"))


def _is_outage(error: Exception) -> bool:
    return mongo.is_outage(error) or type(error).__name__ == "WriteConcernError"
