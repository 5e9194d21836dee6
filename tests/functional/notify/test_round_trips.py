"""How often MongoDB and FCM are asked for a fact: it does not grow with devices, and not with what was told before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.common import clock
from functions.common.contracts.envelope import Event
from functions.common.errors import AlreadyDone
from functions.notify import service
from functions.notify.domain import mailbox
from functions.notify.domain.mailbox import Device, Mailbox, Notice
from functions.notify.domain.pushing import Outcome
from functions.notify.fcm import Parcel
from functions.notify.repository import Key
from functions.notify.service import Deps

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
KEY = Key("acme", "acme-centre", "shopper-1", "visit-1")
PAID = {"sessionId": "visit-1", "userId": "shopper-1", "checkoutId": "c1", "total": 1, "currency": "EUR"}


class Kept:
    """One mailbox, and what was asked of it."""

    def __init__(self, devices: int) -> None:
        self.box = mailbox.empty(KEY.session_id, KEY.tenant_id, KEY.store_id, KEY.user_id, NOW)
        for number in range(devices):
            self.box = mailbox.register(self.box, Device(f"d{number}", f"token-{number}", "android", "en", NOW))
        self.box = replace(self.box, ver=1)
        self.asked: list[str] = []

    async def find(self, _key: Key) -> Mailbox | None:
        self.asked.append("find")
        return self.box

    async def save(self, _key: Key, box: Mailbox) -> bool:
        self.asked.append("save")
        if box.ver != self.box.ver:
            return False
        self.box = replace(box, ver=box.ver + 1)
        return True

    async def after(self, _key: Key, number: int) -> list[Notice]:
        raise NotImplementedError

    async def with_token(self, tenant_id: str, token: str, but: str) -> list[Key]:
        raise NotImplementedError

    async def due(self, before: datetime, limit: int) -> list[Key]:
        raise NotImplementedError


class Phones:
    """FCM; every message gets there."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    async def send(self, parcels: Sequence[Parcel]) -> list[Outcome]:
        self.calls.append(len(parcels))
        return [Outcome("sent") for _ in parcels]


async def nothing(*_: Any) -> None:
    """Whom it would wake does not matter here."""


def event(number: int) -> Event:
    return Event(f"e{number}", "purchase.paid", 1, "acme", "acme-centre", NOW, dict(PAID))


@pytest.fixture(autouse=True)
def _held_clock() -> Any:
    clock.freeze(lambda: NOW.timestamp())
    yield
    clock.freeze(None)


@pytest.mark.parametrize("devices", [1, 5])
async def test_a_fact_is_one_look_and_two_writes(devices: int) -> None:
    kept, phones = Kept(devices), Phones()
    deps = Deps(kept, phones, nothing, nothing)
    for number in range(3):
        kept.asked.clear()
        await service.take(deps, event(number), NOW)
        assert kept.asked == ["find", "save", "save"]
    assert phones.calls == [devices] * 3


async def test_without_a_device_it_is_one_look_and_one_write() -> None:
    kept = Kept(0)
    await service.take(Deps(kept, Phones(), nothing, nothing), event(1), NOW)
    assert kept.asked == ["find", "save"]


async def test_a_fact_that_is_known_is_one_look() -> None:
    kept = Kept(1)
    deps = Deps(kept, Phones(), nothing, nothing)
    await service.take(deps, event(1), NOW)
    kept.asked.clear()
    with pytest.raises(AlreadyDone):
        await service.take(deps, event(1), NOW)
    assert kept.asked == ["find"]
