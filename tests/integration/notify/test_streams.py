"""Server-sent events on a real connection: live, resumed without a gap, ended with the token and with the reader."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest

from functions.common import clock
from functions.notify import bell, streaming, wiring
from tests.integration.notify.conftest import OTHER_STORE, Room, served


@dataclass
class Notice:
    """An event as a browser sees it."""

    id: str
    data: dict[str, Any]


class Reader:
    """A client in a browser: it reads line by line and remembers the last id."""

    def __init__(self, reply: httpx.Response) -> None:
        self.reply = reply
        self.comments = 0
        self._lines = reply.aiter_lines()

    async def next(self, within: float = 5.0) -> Notice | None:
        """The next notice; None when the stream has ended."""
        event: dict[str, str] = {}
        async with asyncio.timeout(within):
            async for line in self._lines:
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                elif "data" in event:
                    assert event["event"] == "notice"
                    return Notice(event["id"], orjson.loads(event["data"]))
                else:
                    event = {}
        return None

    async def ended(self, within: float = 5.0) -> bool:
        """Whether nothing more comes."""
        return await self.next(within) is None


@pytest.fixture
async def url(room: Room) -> AsyncIterator[str]:
    # Streams live in real time.
    clock.freeze(None)
    async with served() as url:
        yield url


@asynccontextmanager
async def reading(url: str, headers: dict[str, str], **query: Any) -> AsyncIterator[Reader]:
    async with httpx.AsyncClient(timeout=30) as client:
        address = f"{url}/v1/notices/stream"
        async with client.stream("GET", address, headers=headers, params=query) as reply:
            assert reply.status_code == 200, await reply.aread()
            assert reply.headers["content-type"].startswith("text/event-stream")
            assert reply.headers["cache-control"] == "no-store"
            yield Reader(reply)


async def until(holds: Any, within: float = 20.0) -> None:
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.02)


async def test_what_happens_comes_at_once(room: Room, url: str) -> None:
    async with reading(url, room.app()) as reader:
        await until(lambda: wiring.wiring().bell._connected)
        for _ in range(3):
            asked = time.monotonic()
            room.now = time.time()
            await room.paid()
            notice = await reader.next(within=2)
            assert notice is not None
            assert notice.data["kind"] == "paid"
            assert time.monotonic() - asked < bell.ALONE_SECONDS, "it was told, it did not look"


async def test_a_reader_who_comes_back_goes_on_where_he_was(room: Room, url: str) -> None:
    for number in range(5):
        await room.paid(total=number)
    async with reading(url, room.app()) as reader:
        first, second = await reader.next(), await reader.next()
    assert first is not None
    assert second is not None
    await room.paid(total=5)
    async with reading(url, room.app() | {"Last-Event-ID": second.id}) as reader:
        found = [await reader.next() for _ in range(4)]
    assert [each.data["data"]["total"] for each in found if each is not None] == [2, 3, 4, 5]
    async with reading(url, room.app(), after=first.id) as reader:
        again = await reader.next()
    assert again == second


async def test_readers_who_come_and_go_miss_nothing_and_see_nothing_twice(room: Room, url: str) -> None:
    seen: list[int] = []

    async def read() -> None:
        last = "0"
        while len(seen) < 30:
            async with reading(url, room.app() | {"Last-Event-ID": last}) as reader:
                for _ in range(2):
                    notice = await reader.next()
                    assert notice is not None
                    last = notice.id
                    seen.append(notice.data["data"]["total"])
                    if len(seen) == 30:
                        return

    reading_task = asyncio.create_task(read())
    for number in range(30):
        assert await room.paid(total=number) == 204
    async with asyncio.timeout(30):
        await reading_task
    assert seen == list(range(30))


async def test_a_reader_hears_nothing_of_others(room: Room, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.2)
    strangers = [
        room.app(sub="shopper-2"),
        room.app(visit="acme-centre.2"),
        room.app(store=OTHER_STORE),
        room.app(tenant="bolt"),
    ]
    for stranger in strangers:
        async with reading(url, stranger) as reader:
            await room.paid()
            with pytest.raises(TimeoutError):
                await reader.next(within=0.7)


async def test_without_redis_a_reader_waits_a_second_longer(
    room: Room, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring.wiring().bell, "_connect", lambda: 1 / 0)
    async with reading(url, room.app()) as reader:
        await room.paid()
        notice = await reader.next(within=4)
        assert notice is not None


async def test_a_connection_on_which_nothing_happens_is_kept_alive(
    room: Room, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.1)
    async with reading(url, room.app()) as reader:
        with pytest.raises(TimeoutError):
            await reader.next(within=0.6)
        assert reader.comments >= 3


async def test_a_stream_ends_with_its_token(room: Room, url: str) -> None:
    token = room.world.issuer.session_token(
        "shopper-1", tenant_id="acme", store_id="acme-centre", session_id="v", lives_s=2
    )
    async with reading(url, {"Authorization": f"Bearer {token}"}) as reader:
        assert await reader.ended(within=4)
    reply = await room.client.get("/v1/notices/stream", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401


async def test_a_reader_who_hangs_up_holds_nothing(room: Room, url: str) -> None:
    ringing = wiring.wiring().bell
    async with reading(url, room.app()) as reader:
        await room.paid()
        await reader.next()
        assert ringing._waiting
    await until(lambda: not ringing._waiting)


async def test_a_visit_has_four_streams_at_a_time(room: Room, url: str) -> None:
    async with reading(url, room.app()), reading(url, room.app()), reading(url, room.app()), reading(url, room.app()):
        ringing = wiring.wiring().bell
        await until(lambda: sum(map(len, ringing._waiting.values())) == 4)
        reply = await room.client.get("/v1/notices/stream", headers=room.app())
        assert (reply.status_code, reply.json()["error"]["code"]) == (429, "TOO_MANY_STREAMS")
        assert reply.headers["retry-after"] == "2"
    await until(lambda: not ringing._waiting)


@pytest.mark.parametrize("last", ["-1", "x", "1.5", "9" * 20, "0x10"])
async def test_an_id_that_is_none_is_refused(room: Room, last: str) -> None:
    reply = await room.client.get("/v1/notices/stream", headers=room.app() | {"Last-Event-ID": last})
    assert reply.status_code == 400
