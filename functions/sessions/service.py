"""The verbs of a visit: check in, look, renew, end. Gather, decide, apply; dependencies come as arguments."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.common import log
from functions.common.auth import Principal
from functions.common.errors import Conflict, Malformed, NotFound, Problem, Unauthenticated
from functions.common.stores import Store
from functions.sessions.domain import visits as domain
from functions.sessions.domain.visits import Session


class Sessions(Protocol):
    """This room's collection."""

    async def add(self, session: Session) -> Session:
        """Keep a new session, or return the one that has this id already."""

    async def find(self, session_id: str, store_id: str, user_id: str) -> Session | None:
        """The shopper's session."""

    async def extend(self, session: Session) -> Session | None:
        """Keep a later end, unless the session has ended since; returns what is kept now."""

    async def end(self, session: Session, now: datetime) -> Session | None:
        """Mark it ended, once, unless a checkout holds it; returns what is kept now."""


class Stores(Protocol):
    """The tenant's stores, read fresh."""

    async def read(self, tenant_id: str, store_id: str) -> Store | None:
        """The store, or None when the tenant has no such store."""


class StoreCodes(Protocol):
    """Verifies what the catalogue has signed."""

    async def claims(self, token: str) -> dict[str, Any]:
        """The claims of a genuine code; raises Unauthenticated."""


class Signer(Protocol):
    """Signs session tokens."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JWS."""


@dataclass(frozen=True, slots=True)
class Deps:
    """What the verbs work with."""

    sessions: Sessions
    stores: Stores
    codes: StoreCodes
    signer: Signer
    issuer: str
    audience: str


@dataclass(frozen=True, slots=True)
class Token:
    """A signed session token and when it ends."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """The result of a check-in."""

    session: Session
    token: Token
    store: Store


async def check_in(deps: Deps, *, store_code: str, user_id: str, key: str | None, now: datetime) -> CheckedIn:
    """Begin a visit. With an idempotency key (`key`), repeating it finds the visit that has begun already.

    Raises Malformed for a code nobody signed, Conflict for an old one or a store that is closed.
    """
    code = await _read_code(deps, store_code)
    store = await deps.stores.read(code.tenant_id, code.store_id)
    if store is None or store.status != "active":
        raise Conflict("this store is not open for scan and go", code="STORE_CLOSED")
    if store.code_version != code.version:
        message = "this code has been replaced: scan the one at the entrance"
        raise Conflict(message, code="STORE_CODE_OUTDATED")
    nonce = key[:32] if key is not None else secrets.token_hex(16)
    session_id = domain.session_id(code.store_id, nonce)
    session = await deps.sessions.add(domain.open_session(code, session_id=session_id, user_id=user_id, now=now))
    _refuse_over(session, now)
    log.info("session.checked_in", storeId=session.store_id, tenantId=session.tenant_id)
    return CheckedIn(session, _token(deps, session, now), store)


async def read_current(deps: Deps, caller: Principal, now: datetime) -> Session:
    """The visit a session token belongs to. Raises Unauthenticated when it is over: check in again."""
    session = await deps.sessions.find(caller.session_id, caller.store_id, caller.sub)
    if session is None or domain.is_over(session, now) or session.status != "active":
        raise Unauthenticated("this visit is over: check in again", code="SESSION_EXPIRED")
    return session


async def read(deps: Deps, *, session_id: str, user_id: str, now: datetime) -> Session:
    """A visit of the shopper's own. Raises NotFound for anybody else's, unknown and expired ones alike."""
    store_id = domain.store_of(session_id)
    session = await deps.sessions.find(session_id, store_id, user_id) if store_id else None
    if session is None or domain.is_over(session, now):
        raise _unknown()
    return session


async def renew(deps: Deps, *, session_id: str, user_id: str, now: datetime) -> tuple[Session, Token]:
    """A fresh token; the visit goes on for another half hour, four hours at most.

    Raises NotFound like `read`, Conflict when the visit was ended.
    """
    session = await read(deps, session_id=session_id, user_id=user_id, now=now)
    if session.status == "active":
        later = await deps.sessions.extend(domain.slide(session, now))
        if later is None:
            raise _unknown()
        session = later
    _refuse_over(session, now)
    return session, _token(deps, session, now)


async def end(deps: Deps, *, session_id: str, user_id: str, now: datetime) -> Session:
    """End a visit; ending it again changes nothing. Raises NotFound like `read`, Conflict while a checkout holds it."""
    session = await read(deps, session_id=session_id, user_id=user_id, now=now)
    if session.status == "active":
        ended = await deps.sessions.end(session, now)
        if ended is None:
            raise _unknown()
        if ended.status == "active":
            raise Conflict("a checkout holds the cart of this visit: pay or cancel it first", code="CART_LOCKED")
        session = ended
    return session


async def _read_code(deps: Deps, text: str) -> domain.StoreCode:
    try:
        code = domain.read_store_code(await deps.codes.claims(text))
    except Unauthenticated:
        # The caller's own token is fine; it is the poster that is not.
        code = None
    if code is None:
        log.security("session.store_code_refused")
        raise Malformed("this is not a store's check-in code", code="STORE_CODE_INVALID", field="storeCode")
    return code


def _refuse_over(session: Session, now: datetime) -> None:
    if session.status != "active" or domain.is_over(session, now):
        raise Conflict("this visit has ended: check in again", code="SESSION_ENDED")


def _token(deps: Deps, session: Session, now: datetime) -> Token:
    claims = domain.token_claims(session, issuer=deps.issuer, audience=deps.audience, now=now)
    return Token(deps.signer.sign(claims), datetime.fromtimestamp(claims["exp"], now.tzinfo))


def _unknown() -> Problem:
    return NotFound("there is no such session")
