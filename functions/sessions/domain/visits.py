"""The rules of a visit: how long it lasts, what ends it, which store code opens it. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from functions.common.moments import in_millis

IDLE = timedelta(minutes=30)
LONGEST_VISIT = timedelta(hours=4)
TOKEN_LIFE = timedelta(minutes=15)

STORE_CODE_AUDIENCE = "check-in"
STORE_CODE_TYP = "store+jwt"
STORE_CODE_ISSUER = "retailscan-catalog"

# The store's id leads the session's id, so that every query on a session can name its store.
_SESSION_ID = re.compile(r"(?P<store>[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?)\.[0-9a-f]{32}", re.ASCII)

Status = Literal["active", "ended", "handed_over"]


@dataclass(frozen=True, slots=True)
class Session:
    """One shopper's visit to one store."""

    session_id: str
    tenant_id: str
    store_id: str
    user_id: str
    status: Status
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoreCode:
    """What the signed code at the entrance says."""

    tenant_id: str
    store_id: str
    version: int


def session_id(store_id: str, nonce: str) -> str:
    """The id of a session; `nonce` is 32 hexadecimal digits, random or derived from an idempotency key."""
    return f"{store_id}.{nonce}"


def store_of(session_id: str) -> str | None:
    """The store in a session's id; None when it cannot be the id of any session."""
    found = _SESSION_ID.fullmatch(session_id)
    return found["store"] if found else None


def open_session(code: StoreCode, *, session_id: str, user_id: str, now: datetime) -> Session:
    """A fresh visit."""
    start = in_millis(now)
    return Session(session_id, code.tenant_id, code.store_id, user_id, "active", start, start + IDLE)


def is_over(session: Session, now: datetime) -> bool:
    """Whether the visit has run out. MongoDB removes it a minute or more later, so every read asks this."""
    return session.expires_at <= now


def slide(session: Session, now: datetime) -> Session:
    """The visit goes on for another half hour, but never past four hours in all, and never gets shorter."""
    return replace(session, expires_at=slid(session.created_at, session.expires_at, now))


def slid(created_at: datetime, expires_at: datetime, now: datetime) -> datetime:
    """When a visit ends after something was done in it; as `slide`."""
    return max(expires_at, min(now + IDLE, created_at + LONGEST_VISIT))


def token_expiry(session: Session, now: datetime) -> datetime:
    """When a token issued now ends: soon, and never after the visit."""
    return min(now + TOKEN_LIFE, session.expires_at)


def read_store_code(claims: Mapping[str, Any]) -> StoreCode | None:
    """The code in verified claims; None when they do not have the shape of a store code."""
    tenant, store, version = claims.get("tenantId"), claims.get("storeId"), claims.get("codeVersion")
    if not isinstance(tenant, str) or not isinstance(store, str) or not tenant or not store:
        return None
    if isinstance(version, bool) or not isinstance(version, int) or claims.get("sub") != store:
        return None
    return StoreCode(tenant, store, version)


def token_claims(session: Session, *, issuer: str, audience: str, now: datetime) -> dict[str, Any]:
    """What a session token says; `sid` is the session, `storeId` the only store it opens."""
    issued = int(now.timestamp())
    return {
        "iss": issuer,
        "aud": audience,
        "sub": session.user_id,
        "role": "shopper",
        "tenantId": session.tenant_id,
        "storeId": session.store_id,
        "sid": session.session_id,
        "iat": issued,
        "nbf": issued,
        "exp": int(token_expiry(session, now).timestamp()),
    }
