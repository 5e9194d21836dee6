"""The guards of notices: once, not too often, not in front, not to the dead, not to strangers, not before the time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.common.mongo import Scoped
from functions.notify import fcm as fcm_module
from functions.notify import repository, service
from functions.notify.domain import facts, mailbox, pushing
from functions.notify.domain.mailbox import Device, Mailbox
from functions.notify.fcm import Parcel
from tests.guards.guard import OUT, Guard, both_ways, red_without
from tests.integration.notify import test_devices as devices
from tests.integration.notify import test_fcm_troubles as troubles
from tests.integration.notify import test_pushes as pushes
from tests.integration.notify.conftest import Room


@both_ways
async def test_the_memory_of_events(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        real = mailbox.take
        monkeypatch.setattr(mailbox, "take", lambda box, *fact: real(replace(box, seen=()), *fact))
    with red_without(guard):
        await pushes.test_the_same_event_twice_is_one_push(room)


@both_ways
async def test_the_ten_seconds_of_a_cart(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(mailbox, "CART_PAUSE", timedelta(seconds=1))
    with red_without(guard):
        await pushes.test_a_cart_is_pushed_at_most_once_in_ten_seconds(room)


@both_ways
async def test_the_lease_of_a_push(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(mailbox, "LEASE", timedelta(0))
    with red_without(guard):
        await pushes.test_a_worker_that_dies_before_it_pushed_leaves_it_to_the_sweep(room)


@both_ways
async def test_the_quiet_in_front(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(Device, "is_in_front", lambda *_: False)
    with red_without(guard):
        await pushes.test_an_app_in_front_is_left_alone_until_it_goes_or_falls_silent(room)


@both_ways
async def test_the_end_of_a_dead_token(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        real = mailbox.settle

        def forgetful(box: Mailbox, sending: Any, **said: Any) -> Mailbox:
            return real(box, sending, **(said | {"gone": ()}))

        monkeypatch.setattr(mailbox, "settle", forgetful)
    with red_without(guard):
        await troubles.test_a_dead_token_is_removed_and_the_others_are_told(room, "UNREGISTERED")


@both_ways
async def test_the_time_fcm_names(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(fcm_module, "_retry_after", lambda _response: 1.0)
    with red_without(guard):
        await troubles.test_the_time_that_fcm_names_is_kept(room, "QUOTA_EXCEEDED")


@both_ways
async def test_the_words_that_anybody_may_see(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        real = service.parcel_of

        def talkative(*about: Any) -> Parcel:
            parcel = real(*about)
            return replace(parcel, body=f"{parcel.body} {dict(about[1].notice.data)}")

        monkeypatch.setattr(service, "parcel_of", talkative)
    with red_without(guard):
        await pushes.test_nothing_in_a_push_is_secret(room)


@both_ways
async def test_the_scope_of_a_mailbox(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(
            repository.MongoMailboxes,
            "_scoped",
            lambda self, key: Scoped(self._collection, _id=key.session_id),
        )
        monkeypatch.setattr(Scoped, "filter", lambda self, query=None: {**(query or {}), **self.scope})
        monkeypatch.setattr(Scoped, "_refuse_scope_write", lambda *_: None)
    with red_without(guard):
        await devices.test_a_stranger_reaches_neither_devices_nor_notices(room, {"sub": "shopper-2"})


@both_ways
async def test_the_one_visit_of_a_phone(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(mailbox, "without_token", lambda *_: None)
    with red_without(guard):
        await devices.test_a_phone_that_changed_hands_tells_nothing_of_the_visit_before(room)


@both_ways
async def test_the_end_of_what_nobody_needs(guard: Guard, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    if guard == OUT:
        monkeypatch.setattr(pushing, "LONGEST_SECONDS", 1.0)
        monkeypatch.setattr(facts, "_LASTS", dict.fromkeys(facts._LASTS, timedelta(days=1)))
    with red_without(guard):
        await troubles.test_what_nobody_needs_any_more_is_given_up(room)
