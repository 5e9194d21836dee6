"""The catalogue's dependencies, built on first use, after the server's fork."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.catalog import masterdata, records, repository, service, settings
from functions.catalog import snapshots as store_snapshots
from functions.common import auth, http, mongo, outbox, redis
from functions.common.contracts.catalog import TOPIC
from functions.common.product_cache import ProductCache


@dataclass(frozen=True, slots=True)
class Wiring:
    """The two halves of the room, what their sweeps need, and the snapshots for phones."""

    products: service.Deps
    masterdata: masterdata.Deps
    records: tuple[repository.MongoRecords, ...]
    snapshots: store_snapshots.Snapshots


class OutboxEvents:
    """Events of products, through the outbox in their documents."""

    async def flush(self, outboxes: Sequence[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]) -> bool:
        """Publish and take out; False when the sweep will have to."""
        return await outbox.flush_all(mongo.collection(repository.PRODUCTS), TOPIC, outboxes)

    async def sweep(self) -> int:
        """Publish what was left behind."""
        return await outbox.sweep(mongo.collection(repository.PRODUCTS), TOPIC)


class StoreCodeSigner:
    """Signs store codes; the key is read when the first code is asked for."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JWS."""
        return auth.sign(settings.load().store_code_key, claims, records.STORE_CODE_TYP)


def _sign_snapshot(claims: Mapping[str, Any]) -> str:
    return auth.sign(settings.load().store_code_key, claims, store_snapshots.TYP)


def key_document() -> dict[str, Any]:
    """The public half of what signs snapshots."""
    return auth.public_jwks(settings.load().store_code_key)


_built: tuple[object, object, Wiring] | None = None


def deps() -> Wiring:
    """What the doors hand to the verbs, built once for the clients of the running event loop."""
    global _built
    client, cache = mongo.client(), redis.cache()
    if _built is None or _built[0] is not client or _built[1] is not cache:
        _built = (client, cache, _build())
    return _built[2]


def snapshots() -> store_snapshots.Snapshots:
    """The snapshots this process keeps."""
    return deps().snapshots


def _build() -> Wiring:
    audit = repository.MongoAudit(mongo.collection(repository.AUDIT))
    products = repository.MongoProducts(mongo.collection(repository.PRODUCTS), audit)
    brands = repository.MongoRecords(mongo.collection(repository.BRANDS), audit, "brandId")
    modules = repository.MongoRecords(mongo.collection(repository.MODULES), audit, "moduleId")
    stores = repository.MongoRecords(mongo.collection(repository.STORES), audit, "_id")
    tenants = repository.MongoRecords(mongo.collection(repository.TENANTS), audit, "name")
    cache = ProductCache(redis.cache())
    return Wiring(
        products=service.Deps(products, audit, brands, cache, OutboxEvents()),
        masterdata=masterdata.Deps(
            brands=masterdata.Noun("brand", "brandId", records.BRAND_FIELDS, brands),
            modules=masterdata.Noun("module", "moduleId", records.MODULE_FIELDS, modules),
            stores=masterdata.Noun("store", "_id", records.STORE_FIELDS, stores),
            tenants=masterdata.Noun("tenant", "name", records.TENANT_FIELDS, tenants),
            brand_use=products,
            cache=cache,
            signer=StoreCodeSigner(),
        ),
        records=(brands, modules, stores, tenants),
        snapshots=store_snapshots.Snapshots(products, _sign_snapshot),
    )


async def ready() -> dict[str, str]:
    """MongoDB decides whether the catalogue can work; without Redis it only works more slowly."""
    return await http.probe(mongo=mongo.ping)
