"""How a cart goes to a till: as one or several signed codes that any till can read. No I/O, no keys.

A code carries its lines, so a till without a network can read them; with one, the till claims the cart, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.common.cart_lines import CartLine
from functions.sessions.domain import visits

LIFE = timedelta(minutes=10)
AUDIENCE = "till"
TYP = "handover+jwt"
MOST_LINES = 100
MOST_CHARACTERS = 900
"""Lines and characters of payload in one code: with the signature a QR code that a till's camera still reads."""


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one code: (code as scanned, quantity in thousandths)."""

    number: int
    of: int
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a genuine code says: which cart of which store, and in which version."""

    tenant_id: str
    store_id: str
    session_id: str
    handover_id: str
    cart_ver: int


def parts_of(lines: Sequence[CartLine]) -> tuple[Part, ...]:
    """The cart in as many codes as it takes, in order."""
    groups: list[list[tuple[str, int]]] = [[]]
    used = 0
    for line in lines:
        size = len(line.code) + len(str(line.quantity)) + 6
        if groups[-1] and (len(groups[-1]) >= MOST_LINES or used + size > MOST_CHARACTERS):
            groups.append([])
            used = 0
        groups[-1].append((line.code, line.quantity))
        used += size
    return tuple(Part(number, len(groups), tuple(group)) for number, group in enumerate(groups, 1))


def claims_of(ticket: Ticket, part: Part, *, issuer: str, now: datetime, until: datetime) -> dict[str, Any]:
    """What is signed into one code."""
    return {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": ticket.session_id,
        "tenantId": ticket.tenant_id,
        "storeId": ticket.store_id,
        "jti": ticket.handover_id,
        "ver": ticket.cart_ver,
        "n": part.number,
        "m": part.of,
        "lines": [list(line) for line in part.lines],
        "iat": int(now.timestamp()),
        "exp": int(until.timestamp()),
    }


def read_ticket(claims: Mapping[str, Any]) -> Ticket | None:
    """The ticket in verified claims; None when they do not have its shape."""
    texts = [claims.get(name) for name in ("tenantId", "storeId", "sub", "jti")]
    ver = claims.get("ver")
    if not all(isinstance(text, str) and text for text in texts) or isinstance(ver, bool) or not isinstance(ver, int):
        return None
    tenant_id, store_id, session_id, handover_id = map(str, texts)
    if visits.store_of(session_id) != store_id:
        return None
    return Ticket(tenant_id, store_id, session_id, handover_id, ver)
