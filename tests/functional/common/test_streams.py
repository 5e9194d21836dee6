"""A reply that is sent as it is made: it ends with its content, with an error, or with the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from functions.common.envelope import Stream

Message = dict[str, Any]


class Client:
    """One end of a connection; `hang_up` is what a browser does when its tab is closed."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self._gone = asyncio.Event()
        self._asked = False

    def hang_up(self) -> None:
        self._gone.set()

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.got.append(message)

    @property
    def text(self) -> bytes:
        return b"".join(each.get("body", b"") for each in self.got)


async def test_the_content_comes_in_parts_and_has_an_end() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    client = Client()
    await Stream(200, parts(), [])(None, client.receive, client.send)
    assert client.text == b"ab"
    assert client.got[-1] == {"type": "http.response.body", "body": b""}


async def test_the_making_ends_when_the_client_hangs_up() -> None:
    client, closed = Client(), asyncio.Event()

    async def for_ever() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"."
                client.hang_up()
                await asyncio.sleep(3600)
        finally:
            closed.set()

    async with asyncio.timeout(5):
        await Stream(200, for_ever(), [])(None, client.receive, client.send)
    assert closed.is_set()
    assert client.text == b"."


async def test_an_error_on_the_way_is_not_an_end() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError("half of it is gone")

    client = Client()
    with pytest.raises(LookupError):
        await Stream(200, broken(), [])(None, client.receive, client.send)
    assert client.got[-1]["more_body"] is True


async def test_a_cancellation_that_is_swallowed_on_the_way_is_repeated() -> None:
    client, swallowed = Client(), 0

    async def stubborn() -> AsyncIterator[bytes]:
        nonlocal swallowed
        yield b"."
        client.hang_up()
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 3:
                    raise

    async with asyncio.timeout(5):
        await Stream(200, stubborn(), [])(None, client.receive, client.send)
    assert swallowed == 3
