"""Reading the updates of a message: strict, without trust, and fast, because the whole price stream passes here.

Written by hand rather than with Pydantic: a model instance costs several times what the rest of an update costs
on this path. `schemas.py` says the same to people and to OpenAPI, and a property test holds the two together.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from functions.common.retail import barcode
from functions.price_ingest.domain import Update

MOST_UPDATES = 5_000
MOST_MINOR = 10**12
MOST_THOUSANDTHS = 10**12
MOST_SEQUENCE = 2**53 - 1
"""Above it an integer is no longer the same number in JavaScript."""
LONGEST_SOURCE = 64
LONGEST_BARCODE = 48
FUTURE_MICROS = 5 * 60 * 1_000_000
DEFAULT_SOURCE = "erp"

FIELDS = frozenset({"storeId", "barcode", "price", "currency", "stock", "sourceTime", "sequence", "source"})
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SOURCE = re.compile(r"[!-~]{1,64}")
_BATCH = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_OFFSET = re.compile(r"[0-9]{1,6}")


class Published(Protocol):
    """A message, as far as its time is concerned."""

    @property
    def attributes(self) -> dict[str, str]: ...
    @property
    def publish_time(self) -> datetime: ...


class Refusal(NamedTuple):
    """One update that can never be applied, and why. `store_id` and `barcode` as far as they could be read."""

    place: int
    """Which of the message's updates it is, from 0."""
    code: str
    message: str
    store_id: str | None
    barcode: str | None


class Envelope(NamedTuple):
    """What the updates of a message have in common."""

    key: str
    """The message's identity, the same on every delivery."""
    published: int
    """Source time of updates that bring none, microseconds."""
    latest: int
    """The latest source time that is believed, microseconds."""
    currencies: Mapping[str, str]
    """The currency of every store of the tenant that the updates name. A store that is not in it is not theirs."""


class _Refused(Exception):
    """An update breaks a rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def items_of(content: object) -> list[Any]:
    """The updates in a message's JSON: one object, an array, or `{"updates": [...]}`.

    Raises ValueError saying what else it is.
    """
    if isinstance(content, dict):
        inner = content.get("updates")
        if inner is None:
            return [content]
        if not isinstance(inner, list) or len(content) != 1:
            raise ValueError("an object with `updates` has a list there and nothing else")
        content = inner
    if not isinstance(content, list):
        raise ValueError("a message is one update, a list of updates, or an object with `updates`")
    if not content:
        raise ValueError("there is no update in the message")
    if len(content) > MOST_UPDATES:
        raise ValueError(f"a message holds at most {MOST_UPDATES} updates")
    return content


def key_of(message_id: str, data: bytes) -> str:
    """The identity of a message: the same on every delivery, on a repeated publication and on a replay.

    The content is part of it, because publishers choose the id of what they repeat, and may choose badly.
    """
    if _MESSAGE_ID.fullmatch(message_id) is None:
        message_id = hashlib.sha256(message_id.encode()).hexdigest()[:32]
    return f"{message_id}-{zlib.crc32(data):08x}"


def published_at(message: Published) -> int:
    """When a message was first published, microseconds; a replayed one carries that along."""
    first = message.attributes.get("originalPublishTime")
    micros = micros_of(first) if first is not None and len(first) <= 40 else None
    if micros is not None:
        return micros
    return micros_of_datetime(message.publish_time)


def batch_of(attributes: Mapping[str, str]) -> tuple[str | None, int]:
    """The batch a message says it belongs to, and where its first update stands in it.

    Raises ValueError when it is no batch id.
    """
    batch_id = attributes.get("batchId")
    if batch_id is None:
        return None, 0
    if _BATCH.fullmatch(batch_id) is None:
        raise ValueError("the attribute batchId must be 1 to 64 of A-Z a-z 0-9 . _ : -")
    offset = attributes.get("offset", "")
    return batch_id, int(offset) if _OFFSET.fullmatch(offset) else 0


def stores_of(items: list[Any]) -> set[str]:
    """The store ids that the updates name, whoever's they are."""
    return {store for item in items if type(item) is dict and type(store := item.get("storeId")) is str}


@lru_cache(maxsize=50_000)
def canonical_barcode(code: str) -> str | None:
    """The form a barcode is stored under, or None when it is none. Remembered: an ERP repeats its assortment."""
    try:
        return barcode.canonical(code)
    except barcode.InvalidCode:
        return None


@lru_cache(maxsize=10_000)
def micros_of(text: str) -> int | None:
    """Microseconds since the epoch of an RFC 3339 time, or None when it is none."""
    if _RFC3339.fullmatch(text) is None:
        return None
    try:
        micros = micros_of_datetime(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError):
        return None
    return micros if micros >= 0 else None


def micros_of_datetime(at: datetime) -> int:
    """Microseconds since the epoch of an aware time, exactly: no float is involved."""
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def read(
    items: list[Any], envelope: Envelope, canonical: Callable[[str], str | None] = canonical_barcode
) -> tuple[list[Update], list[Refusal]]:
    """The valid updates, and for each other one why it is refused; together as many as there are items."""
    updates: list[Update] = []
    refusals: list[Refusal] = []
    for index, item in enumerate(items):
        try:
            updates.append(_update(index, item, envelope, canonical))
        except _Refused as refused:
            code, message = refused.args
            refusals.append(Refusal(index, code, message, _name(item, "storeId"), _name(item, "barcode")))
    return updates, refusals


def _update(index: int, item: Any, envelope: Envelope, canonical: Callable[[str], str | None]) -> Update:
    if type(item) is not dict:
        raise _Refused("NOT_AN_OBJECT", "an update is a JSON object")
    if not FIELDS.issuperset(item):
        raise _Refused("FIELD_UNKNOWN", f"an update has no fields other than {', '.join(sorted(FIELDS))}")
    get = item.get
    store_id = get("storeId")
    currency = envelope.currencies.get(store_id) if type(store_id) is str else None
    if currency is None:
        raise _Refused("STORE_NOT_IN_SCOPE", "storeId is not one of the tenant's stores")
    code = get("barcode")
    if type(code) is not str:
        raise _Refused("FIELD_INVALID", "barcode must be a text of digits")
    stored = canonical(code) if len(code) <= LONGEST_BARCODE else None
    if stored is None:
        raise _Refused("BARCODE_INVALID", "barcode must be a GTIN of 8, 12, 13 or 14 digits with its check digit")
    price, stock = get("price"), get("stock")
    if price is not None:
        if type(price) is not int or not 0 <= price <= MOST_MINOR:
            raise _Refused("FIELD_INVALID", f"price must be an integer of minor units from 0 to {MOST_MINOR}")
    elif stock is None:
        raise _Refused("NOTHING_TO_UPDATE", "an update has a price, a stock or both")
    claimed = get("currency")
    if claimed is not None and claimed != currency:
        raise _Refused("CURRENCY_MISMATCH", f"the store sells in {currency}")
    if stock is not None and (type(stock) is not int or not 0 <= stock <= MOST_THOUSANDTHS):
        raise _Refused("FIELD_INVALID", f"stock must be an integer of thousandths from 0 to {MOST_THOUSANDTHS}")
    t = _time(get("sourceTime"), envelope)
    sequence, source = get("sequence"), get("source")
    if sequence is None:
        sequence = 0
    elif type(sequence) is not int or not 0 <= sequence <= MOST_SEQUENCE:
        raise _Refused("FIELD_INVALID", f"sequence must be an integer from 0 to {MOST_SEQUENCE}")
    if source is None:
        source = DEFAULT_SOURCE
    elif type(source) is not str or _SOURCE.fullmatch(source) is None:
        raise _Refused("FIELD_INVALID", f"source must be 1 to {LONGEST_SOURCE} printable ASCII characters, no blank")
    assert isinstance(store_id, str)
    return Update(store_id, stored, price, stock, currency, t, sequence, source, f"{envelope.key}/{index}", index)


def _time(text: Any, envelope: Envelope) -> int:
    if text is None:
        return envelope.published
    t = micros_of(text) if type(text) is str and len(text) <= 40 else None
    if t is None:
        raise _Refused("FIELD_INVALID", "sourceTime must be an RFC 3339 time with its offset, from 1970 on")
    if t > envelope.latest:
        raise _Refused("SOURCE_TIME_IN_FUTURE", "sourceTime lies more than five minutes in the future")
    return t


def _name(item: Any, field: str) -> str | None:
    # It goes into a list that people read: whatever a stranger wrote there is cut and made printable.
    value = item.get(field) if type(item) is dict else None
    if type(value) is not str:
        return None
    return "".join(char if char.isprintable() else "?" for char in value[:LONGEST_BARCODE])
