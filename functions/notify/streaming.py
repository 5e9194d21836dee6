"""Notices as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import orjson

from functions.common import clock, log, mongo
from functions.common.auth import Principal
from functions.common.errors import TooMany
from functions.notify import rendering, service
from functions.notify.bell import Bell
from functions.notify.service import Deps

HEARTBEAT_SECONDS: Final = 15.0
"""Proxies and phones give up on a connection that says nothing for longer."""
MOST_STREAMS: Final = 4
"""Of one visit, in one process."""
RETRY_MILLISECONDS: Final = 2000

HEADERS: Final = (("content-type", "text/event-stream; charset=utf-8"), ("x-accel-buffering", "no"))


def open_stream(
    deps: Deps, bell: Bell, caller: Principal, *, after: int, language: str, lasts: float
) -> AsyncIterator[bytes]:
    """The notices behind `after` and those to come, until the token or the time is over. Raises TooMany."""
    if bell.streams_of(caller.session_id) >= MOST_STREAMS:
        message = "this visit has enough streams open; close one"
        raise TooMany(message, code="TOO_MANY_STREAMS", retry_after=RETRY_MILLISECONDS // 1000)
    return _stream(deps, bell, caller, after, language, clock.seconds() + lasts)


async def _stream(
    deps: Deps, bell: Bell, caller: Principal, after: int, language: str, end: float
) -> AsyncIterator[bytes]:
    end = min(end, caller.expires_at)
    with bell.listening(caller.session_id) as told:
        yield b"retry: %d\n\n" % RETRY_MILLISECONDS
        spoke = clock.seconds()
        while True:
            # Cleared before looking: what is told from now on is seen in this look or wakes the next one.
            told.clear()
            try:
                # A reader who hangs up must not break off a conversation with MongoDB: its connection would be lost.
                found = await asyncio.shield(service.read(deps, caller, after))
            except Exception as error:  # the client comes back in two seconds and goes on where it was
                if not mongo.is_outage(error):
                    raise
                log.warning("notices.stream_ended", error=type(error).__name__)
                return
            for notice in found:
                data = orjson.dumps(rendering.notice(notice, language))
                yield b"id: %d\nevent: notice\ndata: %b\n\n" % (notice.id, data)
                after, spoke = notice.id, clock.seconds()
            now = clock.seconds()
            if now >= end:
                return
            if now - spoke >= HEARTBEAT_SECONDS:
                yield b": \n\n"
                spoke = now
            pause = min(bell.patience, end - now, spoke + HEARTBEAT_SECONDS - now)
            try:
                async with asyncio.timeout(pause):
                    await told.wait()
            except TimeoutError:
                continue
