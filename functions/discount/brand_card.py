"""The rules of a brand card: how a scan is read, what is kept of its number, who may have it. No I/O."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from functions.common.brand_cards import CONFIRMED, DEGRADED, LIFE
from functions.common.contracts.discount import CARD_ACCEPTED
from functions.common.moments import in_millis

TRUSTED_FOR = timedelta(hours=24)
"""How long the last answer of a loyalty system stands in for the one that does not come."""
MOST_GROUPS, MOST_BENEFITS, MOST_TEXT, MOST_POINTS = 20, 20, 200, 10**9
_SHOWN = 4
# What a phone shows, `brand:number` or `card:brand:number`; plastic shows the number alone.
_WITH_BRAND = re.compile(r"(?:card:)?(?P<brand>[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?):(?P<number>.+)", re.ASCII)
_NUMBER = re.compile(r"[A-Z0-9]{6,32}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?", re.ASCII)

Holder = Literal["this", "another", "open"]
"""Whose card it is: this shopper's, somebody else's, or nobody has registered it."""


class CardUnreadable(ValueError):
    """What was scanned is no card; the text says what is wrong."""


class AnswerUnreadable(ValueError):
    """The loyalty system said something that makes no sense."""


class Scanned(NamedTuple):
    """A card as it was scanned or typed; `brand_id` is None when the number alone was shown."""

    brand_id: str | None
    number: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a loyalty system says of a card it knows, at `at`. `benefits` are (code, text for people)."""

    brand_id: str
    holder: Holder
    active: bool
    groups: frozenset[str]
    points: int | None
    benefits: tuple[tuple[str, str], ...]
    at: datetime

    @property
    def accepted(self) -> bool:
        """Whether this shopper may use the card now."""
        return self.active and self.holder != "another"


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of a card. Degraded: the loyalty system did not answer; then `answer` is its last one, if any."""

    answer: Answer | None
    degraded: bool


def read(code: str | None, number: str | None, brand_id: str | None) -> Scanned:
    """The card in a request: a scanned code, or a number with its brand. Raises CardUnreadable."""
    if code is not None:
        found = _WITH_BRAND.fullmatch(code.strip())
        if found is not None:
            return Scanned(found["brand"], _number(found["number"]))
        return Scanned(None, _number(code))
    return Scanned(brand_id, _number(number or ""))


def _number(text: str) -> str:
    number = re.sub(r"[\s-]", "", text).upper()
    if not _NUMBER.fullmatch(number):
        raise CardUnreadable("a card number has 6 to 32 letters and digits")
    return number


def masked(number: str) -> str:
    """What may be shown of a number: its end, so that a shopper knows which card it is."""
    shown = _SHOWN if len(number) >= 2 * _SHOWN else 2
    return "*" * 4 + number[-shown:]


def key_of(secret: str, *parts: str) -> str:
    """What stands for a number in the database: nobody without the secret finds the number by trying all."""
    text = "\x1f".join(parts).encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def read_answer(said: Any, now: datetime) -> Answer:
    """The answer in a loyalty system's JSON, listened to like a stranger's. Raises AnswerUnreadable."""
    if not isinstance(said, Mapping):
        raise AnswerUnreadable("the answer is no object")
    brand, holder, state = said.get("brandId"), said.get("holder"), said.get("status")
    if not isinstance(brand, str) or not _SLUG.fullmatch(brand):
        raise AnswerUnreadable("brandId is no id")
    if holder not in ("this", "another", "open") or state not in ("active", "blocked"):
        raise AnswerUnreadable("holder or status is none that is known")
    points = said.get("points")
    whole = isinstance(points, int) and not isinstance(points, bool) and 0 <= points <= MOST_POINTS
    if points is not None and not whole:
        raise AnswerUnreadable("points are no whole number")
    groups, benefits = said.get("groups", []), said.get("benefits", [])
    if not _list(groups, MOST_GROUPS) or not all(isinstance(each, str) and _SLUG.fullmatch(each) for each in groups):
        raise AnswerUnreadable("groups are no list of ids")
    if not _list(benefits, MOST_BENEFITS) or not all(_is_benefit(each) for each in benefits):
        raise AnswerUnreadable("benefits are no list of {code, text}")
    pairs = tuple((each["code"], each["text"]) for each in benefits)
    return Answer(brand, holder, state == "active", frozenset(groups), points, pairs, in_millis(now))


def _list(value: Any, most: int) -> bool:
    return isinstance(value, list) and len(value) <= most


def _is_benefit(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    texts = (value.get("code"), value.get("text"))
    return all(isinstance(text, str) and 0 < len(text) <= MOST_TEXT and text.isprintable() for text in texts)


def document(
    *,
    card_id: str,
    card_key: str,
    scope: Mapping[str, str],
    brand_id: str,
    number: str,
    looked: Looked,
    now: datetime,
) -> dict[str, Any]:
    """A card in a visit as it is kept, with the fact that it was accepted. `scope`: tenant, store, visit, shopper."""
    answer = looked.answer
    start = in_millis(now)
    kept = {
        "_id": card_id,
        **scope,
        "brandId": brand_id,
        "cardKey": card_key,
        "maskedNumber": masked(number),
        "groups": sorted(answer.groups) if answer else [],
        "points": answer.points if answer else None,
        "benefits": _benefits(answer.benefits if answer else ()),
        "status": DEGRADED if looked.degraded else CONFIRMED,
        "asOf": answer.at if answer else None,
        "scannedAt": start,
        "expiresAt": start + LIFE,
        "usedBy": None,
    }
    event = {
        "id": f"{card_id}:accepted",
        "type": CARD_ACCEPTED[0],
        "version": CARD_ACCEPTED[1],
        "at": start,
        "data": {
            **{name: kept[name] for name in ("sessionId", "userId", "brandId", "maskedNumber", "points", "status")},
            "cardId": card_id,
            "expiresAt": (start + LIFE).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        },
    }
    return {**kept, "outbox": [event]}


def _benefits(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"code": code, "text": text} for code, text in pairs]


def stored_answer(answer: Answer) -> dict[str, Any]:
    """An answer as it is kept for the time when none comes."""
    return {
        "brandId": answer.brand_id,
        "holder": answer.holder,
        "active": answer.active,
        "groups": sorted(answer.groups),
        "points": answer.points,
        "benefits": _benefits(answer.benefits),
        "at": answer.at,
    }


def kept_answer(found: Mapping[str, Any], now: datetime) -> Answer | None:
    """The answer that was kept, if it is not too old to be trusted."""
    if found["at"] <= now - TRUSTED_FOR:
        return None
    return Answer(
        found["brandId"],
        found["holder"],
        found["active"],
        frozenset(found["groups"]),
        found["points"],
        tuple((each["code"], each["text"]) for each in found["benefits"]),
        found["at"],
    )
