"""The operations on visits: check in, look, renew the token, end; and the public keys."""

from __future__ import annotations

from functions.common import auth, errors
from functions.common.http import Call, Reply
from functions.sessions import rendering, service, wiring
from functions.sessions.door import door


@door.post(
    "/v1/sessions",
    auth=auth.identity(),
    summary="Check in at a store with the code at its entrance",
    body="CheckIn",
    reply="CheckedIn",
    status=201,
    idempotency="optional",
    max_body=8192,
    rate="check_in",
    errors=(errors.Conflict,),
)
async def check_in(call: Call) -> Reply:
    begun = await service.check_in(
        wiring.deps(),
        store_code=call.body.store_code,
        user_id=call.principal.sub,
        key=call.idempotency_id,
        now=call.now,
    )
    return Reply(rendering.checked_in(begun))


@door.get("/v1/sessions/current", auth=auth.session(), summary="The visit of this session token", reply="SessionView")
async def read_current_session(call: Call) -> Reply:
    return Reply(rendering.session(await service.read_current(wiring.deps(), call.principal, call.now)))


@door.get(
    "/v1/sessions/{sessionId}",
    auth=auth.identity(),
    summary="A visit of your own",
    reply="SessionView",
    errors=(errors.NotFound,),
)
async def read_session(call: Call) -> Reply:
    found = await service.read(
        wiring.deps(), session_id=call.params["sessionId"], user_id=call.principal.sub, now=call.now
    )
    return Reply(rendering.session(found))


@door.post(
    "/v1/sessions/{sessionId}/token",
    auth=auth.identity(),
    summary="A fresh token; the visit goes on for another half hour, four hours at most",
    reply="SessionToken",
    status=201,
    rate="check_in",
    errors=(errors.NotFound, errors.Conflict),
)
async def renew_session_token(call: Call) -> Reply:
    session, token = await service.renew(
        wiring.deps(), session_id=call.params["sessionId"], user_id=call.principal.sub, now=call.now
    )
    return Reply(rendering.token(session, token))


@door.delete(
    "/v1/sessions/{sessionId}",
    auth=auth.identity(),
    summary="End a visit; may be repeated",
    reply="SessionView",
    errors=(errors.NotFound, errors.Conflict),
)
async def end_session(call: Call) -> Reply:
    ended = await service.end(
        wiring.deps(), session_id=call.params["sessionId"], user_id=call.principal.sub, now=call.now
    )
    return Reply(rendering.session(ended))


@door.get(
    "/v1/jwks.json",
    auth=auth.public(),
    summary="The public keys of session tokens (RFC 7517)",
    reply="KeyDocument",
    raw_reply=True,
)
async def read_keys(call: Call) -> Reply:
    return Reply(wiring.key_document(), headers=(("cache-control", "public, max-age=300"),))
