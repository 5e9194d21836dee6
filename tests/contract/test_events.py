"""Every event has a sample that keeps its contract and survives the way through Pub/Sub."""

from __future__ import annotations

import base64
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from functions.common.contracts.envelope import Event, from_message, to_message
from functions.common.errors import Rejected
from functions.common.events import Message
from retailscan.rooms import EventKind, event_kinds

KINDS = [pytest.param(kind, id=f"{kind.type}-v{kind.version}") for kind in event_kinds().values()]


def breaches(value: Any, kind: Any, place: str = "data") -> list[str]:
    """Where the value is not of this type, for what contracts are made of: TypedDict, list, unions, JSON scalars."""
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        if not isinstance(value, dict) or value.keys() != hints.keys():
            return [f"{place} has not exactly the fields {sorted(hints)}"]
        return [b for name, hint in hints.items() for b in breaches(value[name], hint, f"{place}.{name}")]
    if get_origin(kind) is list:
        (inner,) = get_args(kind)
        return [b for i, item in enumerate(value) for b in breaches(item, inner, f"{place}[{i}]")]
    if get_origin(kind) in (Union, types.UnionType):
        return (
            []
            if any(not breaches(value, option, place) for option in get_args(kind))
            else [f"{place} is none of {kind}"]
        )
    return [] if type(value) is kind else [f"{place} is not {kind.__name__}"]


def pushed(data: bytes, attributes: Mapping[str, str]) -> Message:
    message = {"messageId": "1", "data": base64.b64encode(data).decode(), "attributes": attributes}
    return Message({"message": message, "subscription": "s"}, "/push", {})


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_keeps_the_contract(kind: EventKind) -> None:
    assert breaches(kind.sample, kind.contract) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_with_a_field_too_many_or_too_few_does_not(kind: EventKind) -> None:
    assert breaches({**kind.sample, "storeId": "s"}, kind.contract)
    assert breaches(dict(list(kind.sample.items())[1:]), kind.contract)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_room_publishes_another_reads(kind: EventKind) -> None:
    event = Event("e1", kind.type, kind.version, "acme", "s1", datetime(2026, 11, 20, 9, tzinfo=UTC), kind.sample)
    out = to_message(event)
    assert from_message(pushed(out.data, out.attributes), (kind.type, kind.version)) == event


@pytest.mark.parametrize("kind", KINDS)
def test_a_version_without_a_reader_is_kept_aside(kind: EventKind) -> None:
    event = Event("e1", kind.type, kind.version + 1, "acme", "s1", datetime(2026, 11, 20, 9, tzinfo=UTC), {})
    out = to_message(event)
    with pytest.raises(Rejected, match="no reader"):
        from_message(pushed(out.data, out.attributes), (kind.type, kind.version))


def test_there_are_events_to_check() -> None:
    assert KINDS
