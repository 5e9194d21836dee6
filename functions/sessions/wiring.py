"""The dependencies of check-in, built on first use, after the server's fork."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from functions.common import auth, http, mongo, stores
from functions.common import settings as common_settings
from functions.common.mongo import Scoped
from functions.common.once import Once
from functions.sessions import domain, repository, service, settings


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
        return auth.sign(settings.load().session_signing_key, claims, auth.SESSION_TYP)


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


def key_document() -> dict[str, Any]:
    """The public keys of session tokens: the one that signs now, and those that signed before."""
    current: list[dict[str, Any]] = auth.public_jwks(settings.load().session_signing_key)["keys"]
    retired = json.loads(settings.load().session_retired_jwks)["keys"]
    known = {key["kid"] for key in current}
    public = ("kty", "crv", "x", "kid", "alg", "use")
    return {"keys": current + [{k: key[k] for k in public} for key in retired if key["kid"] not in known]}


async def ready() -> dict[str, str]:
    """Without MongoDB nobody can check in."""
    return await http.probe(mongo=mongo.ping)
