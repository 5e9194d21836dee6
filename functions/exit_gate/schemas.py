"""What goes over the wire at the gate; OpenAPI is generated from these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from functions.common.exit_pass import MOST_TEXT
from functions.common.wire import Wire


def _plain(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("control_characters", "control characters are not allowed")
    return text


class PassShown(Wire):
    """What the gate has read."""

    pass_: Annotated[
        str,
        StringConstraints(strict=True, min_length=1, max_length=MOST_TEXT),
        Field(alias="pass", description="the text of the code on the shopper's phone, as it was read"),
    ]


class Override(Wire):
    """Whom to let out without a pass, and why."""

    checkout_id: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100)]
    reason: Annotated[
        str,
        StringConstraints(strict=True, strip_whitespace=True, min_length=3, max_length=300),
        AfterValidator(_plain),
        Field(description="kept for good", examples=["phone is empty, paper receipt seen"]),
    ]


class Exit(Wire):
    """The gate may open. `items` is how many things are carried out."""

    opened: Literal[True]
    checkout_id: str
    receipt_number: int | None
    items: int
    exited_at: datetime
    override: bool


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
