"""What apps ask: register a device, say that the app is in front, read notices or have them streamed."""

from __future__ import annotations

import re

from functions.common import auth, errors
from functions.common.errors import Malformed
from functions.common.http import Call, HttpDoor, Reply
from functions.notify import rendering, service, settings, streaming, wiring, words
from functions.notify.domain.mailbox import Device

DEVICE = "/v1/devices/{installationId}"
_INSTALLATION = re.compile(r"[A-Za-z0-9_-]{4,64}", re.ASCII)
_NUMBER = re.compile(r"\d{1,16}", re.ASCII)

door = HttpDoor("notify", ready=wiring.ready)


@door.put(
    DEVICE,
    auth=auth.session(),
    summary="Have a device told of this visit; it is in one visit at a time",
    body="DeviceBody",
    reply="DeviceView",
    max_body=8192,
)
async def put_device(call: Call) -> Reply:
    body, installation_id = call.body, _installation(call)
    if _INSTALLATION.fullmatch(installation_id) is None:
        raise Malformed("4 to 64 letters, digits, dashes or underscores", field="installationId")
    language = words.language_of(body.language)
    device = Device(installation_id, body.token, body.platform, language, service.moment())
    await service.register(wiring.deps(), call.principal, device)
    return Reply({"installationId": installation_id, "platform": body.platform, "language": language})


@door.delete(
    DEVICE,
    auth=auth.session(),
    summary="Leave a device alone",
    reply="DeviceRemoved",
    errors=(errors.NotFound,),
)
async def remove_device(call: Call) -> Reply:
    installation_id = _installation(call)
    await service.remove(wiring.deps(), call.principal, installation_id, service.moment())
    return Reply({"installationId": installation_id, "removed": True})


@door.post(
    f"{DEVICE}/foreground",
    auth=auth.session(),
    summary="Say whether the app is in front: while it is, nothing is pushed to the device",
    description="Believed for two minutes, as an app may be killed without a word; repeat it every minute.",
    body="Foreground",
    reply="ForegroundView",
    max_body=1024,
    errors=(errors.NotFound,),
)
async def put_in_front(call: Call) -> Reply:
    installation_id = _installation(call)
    until = await service.put_in_front(
        wiring.deps(), call.principal, installation_id, call.body.in_front, service.moment()
    )
    return Reply({"installationId": installation_id, "quietUntil": until})


@door.get(
    "/v1/notices",
    auth=auth.session(),
    summary="What the shopper was told in this visit, oldest first; the last 50 are kept",
    query="NoticeQuery",
    reply="NoticeList",
)
async def list_notices(call: Call) -> Reply:
    found = await service.read(wiring.deps(), call.principal, call.query.after)
    return Reply(rendering.notices(found, _language(call), call.query.after))


@door.get(
    "/v1/notices/stream",
    auth=auth.session(),
    summary="The same as server-sent events, as they happen",
    description="Goes on behind `Last-Event-ID` (or `after`). Ends after some minutes, and when the token does: open "
    "the next one. Needs the Authorization header, so browsers use fetch, not EventSource.",
    query="NoticeQuery",
    reply="NoticeView",
    reply_media="text/event-stream",
    errors=(errors.TooMany,),
)
async def stream_notices(call: Call) -> Reply:
    after, last = call.query.after, call.header("last-event-id")
    if last:
        if _NUMBER.fullmatch(last) is None:
            raise Malformed("not an id of a notice", field="Last-Event-ID")
        after = int(last)
    now = wiring.wiring()
    stream = streaming.open_stream(
        now.deps,
        now.bell,
        call.principal,
        after=after,
        language=_language(call),
        lasts=settings.load().notice_stream_seconds,
    )
    return Reply(stream=stream, headers=streaming.HEADERS)


def _installation(call: Call) -> str:
    return call.params["installationId"]


def _language(call: Call) -> str:
    return words.language_of(call.header("accept-language"))
