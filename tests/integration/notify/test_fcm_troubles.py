"""Whatever FCM does: dead tokens go, its Retry-After is kept, and nothing is pushed twice or given up too soon."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from functions.notify import wiring
from tests.integration.notify.conftest import Room


@pytest.mark.parametrize("kind", ["UNREGISTERED", "SENDER_ID_MISMATCH"])
async def test_a_dead_token_is_removed_and_the_others_are_told(room: Room, kind: str) -> None:
    await room.register("dead")
    await room.register("phone")
    room.fcm.trouble(kind, token="token-of-dead", times=None)
    await room.paid()
    assert [each["id"] for each in (await room.document())["devices"]] == ["phone"]
    assert len(room.pushes()) == 1
    asked = room.fcm.asked
    await room.paid()
    assert room.fcm.asked == asked + 1, "the dead one is not asked again"


@pytest.mark.parametrize("kind", ["QUOTA_EXCEEDED", "UNAVAILABLE"])
async def test_the_time_that_fcm_names_is_kept(room: Room, kind: str) -> None:
    await room.register()
    room.fcm.trouble(kind, retry_after="37")
    assert await room.paid() == 204
    assert room.fcm.asked == 1
    await room.let_time_pass(36.9)
    await room.call("/jobs/sweep-notices")
    assert room.fcm.asked == 1
    await room.let_time_pass(5)
    assert (room.fcm.asked, len(room.pushes())) == (2, 1)
    await room.let_time_pass(600)
    assert len(room.pushes()) == 1


async def test_a_time_may_be_a_date(room: Room) -> None:
    await room.register()
    room.fcm.trouble("UNAVAILABLE", retry_after=formatdate(room.now + 40, usegmt=True))
    await room.paid()
    await room.let_time_pass(38)
    assert room.fcm.asked == 1
    await room.let_time_pass(8)
    assert len(room.pushes()) == 1


async def test_without_a_time_429_means_a_minute(room: Room) -> None:
    await room.register()
    room.fcm.trouble("QUOTA_EXCEEDED")
    await room.paid()
    await room.let_time_pass(59)
    assert room.fcm.asked == 1
    await room.let_time_pass(8)
    assert len(room.pushes()) == 1


async def test_errors_of_fcm_are_tried_again_once_each_time_and_slower_and_slower(room: Room) -> None:
    await room.register()
    room.fcm.trouble("INTERNAL", times=3)
    await room.paid()
    assert room.fcm.asked == 1, "the client itself tries nothing again"
    await room.let_time_pass(5)
    assert room.fcm.asked == 2
    await room.let_time_pass(10)
    assert room.fcm.asked == 3
    await room.let_time_pass(20)
    assert (room.fcm.asked, len(room.pushes())) == (4, 1)


async def test_only_the_device_that_was_not_reached_is_asked_again(room: Room) -> None:
    await room.register("phone")
    await room.register("tablet")
    room.fcm.trouble("UNAVAILABLE", token="token-of-tablet", retry_after="3")
    await room.paid()
    await room.let_time_pass(10)
    assert (len(room.pushes("phone")), len(room.pushes("tablet"))) == (1, 1)


async def test_after_three_refusals_in_a_row_nobody_asks_until_the_time_is_over(room: Room) -> None:
    for number in range(5):
        await room.register(f"phone-{number}", room.app(visit=f"acme-centre.{number}", sub=f"s{number}"))
    room.fcm.trouble("QUOTA_EXCEEDED", times=3, retry_after="30")
    for number in range(5):
        await room.paid(sessionId=f"acme-centre.{number}", userId=f"s{number}")
    assert room.fcm.asked == 3
    await room.let_time_pass(29)
    assert room.fcm.asked == 3
    await room.let_time_pass(10)
    assert len(room.fcm.sent) == 5


async def test_a_message_that_fcm_refuses_for_good_is_not_tried_again(room: Room) -> None:
    await room.register()
    room.fcm.trouble("INVALID_ARGUMENT", times=None)
    await room.paid()
    await room.let_time_pass(3600)
    assert room.fcm.asked == 1
    assert (await room.document())["devices"] != []


async def test_what_nobody_needs_any_more_is_given_up(room: Room) -> None:
    await room.register()
    room.fcm.trouble("UNAVAILABLE", times=None)
    await room.repriced()
    await room.let_time_pass(3600)
    assert room.fcm.asked < 12
    assert "dueAt" not in await room.document()
    assert len(await room.notices()) == 1


@pytest.mark.usefixtures("short_timeouts")
@pytest.mark.parametrize("kind", ["hang", "drop"])
async def test_an_answer_that_never_comes_holds_nobody_up(room: Room, kind: str) -> None:
    await room.register("stuck")
    await room.register("phone")
    room.fcm.trouble(kind, token="token-of-stuck")
    assert await room.paid() == 204
    assert len(room.pushes("phone")) == 1
    await room.let_time_pass(10)
    first, second = room.fcm.sent_to("token-of-stuck")
    assert first["android"]["notification"]["tag"] == second["android"]["notification"]["tag"]
    assert first["data"] == second["data"], "it may have been taken: the second one replaces the first"
    assert len(room.pushes("phone")) == 1


@pytest.mark.usefixtures("short_timeouts")
async def test_with_fcm_away_facts_are_taken_in_and_read(room: Room) -> None:
    await room.register()
    wiring.wiring().fcm._endpoint = "http://127.0.0.1:9"
    assert await room.paid() == 204
    assert len(await room.notices()) == 1
    assert room.pushes() == []
    wiring.wiring().fcm._service._fcm_url = f"{room.fcm.url}/v1/projects/p/messages:send"
    await room.let_time_pass(5)
    assert len(room.pushes()) == 1
