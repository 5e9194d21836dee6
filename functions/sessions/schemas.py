"""What goes over the wire at the check-in door; OpenAPI is generated from these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from functions.common.wire import Wire
from functions.sessions.cart_schemas import (
    AddLine,
    CartQuery,
    CartView,
    ChangeLine,
    HandedCart,
    Handover,
    LookQuery,
)

__all__ = [
    "AddLine",
    "CartQuery",
    "CartView",
    "ChangeLine",
    "CheckIn",
    "CheckedIn",
    "HandedCart",
    "Handover",
    "KeyDocument",
    "LookQuery",
    "PublicKey",
    "SessionToken",
    "SessionView",
    "StoreOfVisit",
]


class CheckIn(Wire):
    """The code scanned at the entrance."""

    store_code: Annotated[
        str, StringConstraints(strict=True, min_length=20, max_length=2048, pattern=r"^[A-Za-z0-9_.-]+$")
    ] = Field(description="the text of the store's signed code, as it was scanned")


class StoreOfVisit(Wire):
    """What the app needs to know about the store it is in."""

    store_id: str
    name: str
    currency: str
    time_zone: str


class SessionView(Wire):
    """A visit."""

    session_id: str
    store_id: str
    status: Literal["active", "ended", "handed_over"]
    created_at: datetime
    expires_at: datetime


class SessionToken(Wire):
    """A token for this store only. Send it as `Authorization: Bearer ...` on every other call."""

    session_id: str
    token: str
    token_type: Literal["Bearer"] = "Bearer"
    token_expires_at: datetime
    expires_at: datetime = Field(description="when the visit ends unless the token is renewed")


class CheckedIn(SessionToken):
    """The visit that has begun, its token and its store."""

    status: Literal["active", "ended", "handed_over"]
    created_at: datetime
    store: StoreOfVisit


class PublicKey(Wire):
    """A public key of RFC 8037."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    alg: Literal["EdDSA"]
    use: Literal["sig"]


class KeyDocument(Wire):
    """A JSON Web Key Set (RFC 7517); it comes without the usual envelope."""

    keys: list[PublicKey]
