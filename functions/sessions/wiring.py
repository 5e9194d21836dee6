"""The dependencies of visits and their carts, built on first use, after the server's fork."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from functions.common import auth, http, mongo, outbox, pubsub, quotes, redemptions, redis, stores, tenants
from functions.common import settings as common_settings
from functions.common.carts import COLLECTION, Visit
from functions.common.contracts.envelope import Event, to_message
from functions.common.contracts.sessions import TOPIC
from functions.common.mongo import Scoped
from functions.common.once import Once
from functions.common.product_cache import ProductCache
from functions.common.product_reader import ProductReader
from functions.common.product_source import MongoProducts
from functions.common.promotion_source import Promotions
from functions.sessions import carting, expiring, handing_over, repository, service, settings
from functions.sessions import repricing as repricing_verbs
from functions.sessions.cart_repository import MongoCarts
from functions.sessions.domain import visits as domain


class FreshStores:
    """Stores as they are now: a code that was replaced a second ago must not open a visit."""

    async def read(self, tenant_id: str, store_id: str) -> stores.Store | None:
        """The tenant's store."""
        stores.forget(store_id)
        return await stores.find(tenant_id, store_id)


class Signer:
    """Signs session tokens."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JWS."""
        return self.sign_as(claims, auth.SESSION_TYP)

    def sign_as(self, claims: Mapping[str, Any], typ: str) -> str:
        """A compact JWS of another type."""
        return auth.sign(settings.load().session_signing_key, claims, typ)


class OutboxEvents:
    """Events of visits."""

    async def flush(self, visit: Visit, entries: Sequence[Mapping[str, Any]]) -> bool:
        """Publish and take out; False when the sweep will have to."""
        document = {"_id": visit.session_id, "tenantId": visit.tenant_id, "storeId": visit.store_id}
        return await outbox.flush(mongo.collection(COLLECTION), TOPIC, document, entries)

    async def publish(self, events: Sequence[Event]) -> None:
        """Publish what no document holds. Raises the client's errors."""
        await pubsub.publish(TOPIC, [to_message(event) for event in events])


def _nobody(_claims: Mapping[str, Any]) -> auth.Principal:
    raise NotImplementedError("a store code is no caller")


def _store_codes() -> auth.Verifier:
    return auth.Verifier(
        issuer=domain.STORE_CODE_ISSUER,
        keys=auth.KeySet(settings.load().store_code_jwks),
        algorithms=frozenset({"EdDSA"}),
        audience=domain.STORE_CODE_AUDIENCE,
        principal=_nobody,
        typ=domain.STORE_CODE_TYP,
    )


def _scoped(**scope: str) -> Scoped:
    return Scoped(mongo.collection(repository.NAME), **scope)


deps = Once(
    lambda: service.Deps(
        sessions=repository.MongoSessions(_scoped),
        stores=FreshStores(),
        codes=_store_codes(),
        signer=Signer(),
        issuer=common_settings.common().session_issuer,
        audience=auth.SESSION_AUDIENCE,
    )
)


_built: tuple[object, object, carting.Deps] | None = None
_promotions = Promotions()


def carts() -> carting.Deps:
    """What the cart's doors hand to the verbs, built once for the clients of the running event loop."""
    global _built
    client, cache = mongo.client(), redis.cache()
    if _built is None or _built[0] is not client or _built[1] is not cache:
        _promotions.forget()
        # Nobody listens to invalidations here: every cart asks the shared cache or the database.
        made = carting.Deps(
            carts=MongoCarts(),
            products=ProductReader(ProductCache(cache), MongoProducts()),
            rules=_promotions,
            usage=redemptions.usage,
            store=stores.find,
            settings=tenants.settings_of,
        )
        _built = (client, cache, made)
    return _built[2]


def forget() -> None:
    """Read promotions anew (tests)."""
    _promotions.forget()


def repricing() -> repricing_verbs.Deps:
    """What the verbs about live carts work with."""
    return repricing_verbs.Deps(carts(), MongoCarts(), OutboxEvents(), quotes.products_of)


def expiring_visits() -> expiring.Deps:
    """What telling about the end of visits works with."""
    return expiring.Deps(MongoCarts(), OutboxEvents())


def handovers() -> handing_over.Deps:
    """What handing over works with."""
    return handing_over.Deps(carts(), MongoCarts(), Signer(), OutboxEvents(), common_settings.common().session_issuer)


async def sweep() -> int:
    """Publish what dead processes left in visits."""
    return await outbox.sweep(mongo.collection(COLLECTION), TOPIC)


def key_document() -> dict[str, Any]:
    """The public keys of session tokens: the one that signs now, and those that signed before."""
    current: list[dict[str, Any]] = auth.public_jwks(settings.load().session_signing_key)["keys"]
    retired = json.loads(settings.load().session_retired_jwks)["keys"]
    known = {key["kid"] for key in current}
    public = ("kty", "crv", "x", "kid", "alg", "use")
    return {"keys": current + [{k: key[k] for k in public} for key in retired if key["kid"] not in known]}


async def ready() -> dict[str, str]:
    """Without MongoDB nobody can check in or fill a cart; without Redis prices are read from MongoDB."""
    return await http.probe(mongo=mongo.ping)
