"""How a cart goes to a till: as one or several signed codes that any till can read. No I/O, no keys.

A code carries its lines, so a till without a network can read them; with one, the till claims the cart by its id, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.common.cart_lines import CartLine

LIFE = timedelta(minutes=10)
AUDIENCE = "till"
TYP = "handover+jwt"
MOST_LINES = 100
MOST_CHARACTERS = 600
"""Lines and characters of payload in one code: with the signature a QR code that a till's camera still reads."""


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one code: (code as scanned, quantity in thousandths)."""

    number: int
    of: int
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Ticket:
    """Which cart is handed over, and in which version."""

    tenant_id: str
    store_id: str
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
