"""The room's two doors; their operations register themselves from the modules beside."""

from __future__ import annotations

from functions.common.errors import Malformed
from functions.common.events import EventDoor
from functions.common.http import Call, HttpDoor
from functions.common.product_edits import Invalid, parse_if_match
from functions.sessions import wiring

door = HttpDoor("sessions", ready=wiring.ready)
events = EventDoor("sessions", ready=wiring.ready)


def seen_version(call: Call, said: int | None) -> int | None:
    """The version of the cart that the caller decided on, from `cartVersion` or `If-Match`; None when it says none."""
    if said is not None:
        return said
    try:
        return parse_if_match(call.header("if-match"))
    except Invalid as problem:
        raise Malformed(str(problem), code=problem.code, field="If-Match") from None
