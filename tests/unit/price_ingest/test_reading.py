"""Reading updates: strict about every field, and at one with the schema of the REST door."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.price_ingest import reading
from functions.price_ingest.reading import Envelope
from functions.price_ingest.schemas import PriceUpdate

NOW = 1_795_168_800_000_000
LATEST = NOW + reading.FUTURE_MICROS
ENVELOPE = Envelope("m1", NOW, LATEST, {"s1": "EUR", "s2": "CHF"})
GOOD = {"storeId": "s1", "barcode": "4006381333931", "price": 199}


def refusal(item: Any, envelope: Envelope = ENVELOPE) -> str | None:
    updates, refusals = reading.read([item], envelope)
    assert len(updates) + len(refusals) == 1
    return refusals[0].code if refusals else None


def test_an_update_is_read_with_its_defaults() -> None:
    (update,), refusals = reading.read([GOOD], ENVELOPE)
    assert refusals == []
    assert update == ("s1", "4006381333931", 199, None, "EUR", NOW, 0, "erp", "m1/0", 0)


def test_everything_that_can_be_said_is_read() -> None:
    item = {
        "storeId": "s2",
        "barcode": "036000291452",
        "price": 0,
        "currency": "CHF",
        "stock": 1_500,
        "sourceTime": "2026-11-20T11:00:00.000001+01:00",
        "sequence": 7,
        "source": "sap",
    }
    ((store, barcode, price, stock, currency, t, q, s, e, place),), _ = reading.read([item], ENVELOPE)
    assert (store, barcode, price, stock, currency) == ("s2", "0036000291452", 0, 1_500, "CHF")
    assert (t, q, s, e, place) == (NOW + 1, 7, "sap", "m1/0", 0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"price": -1}, "FIELD_INVALID"),
        ({"price": 1.0}, "FIELD_INVALID"),
        ({"price": "199"}, "FIELD_INVALID"),
        ({"price": True}, "FIELD_INVALID"),
        ({"price": 10**12 + 1}, "FIELD_INVALID"),
        ({"price": [1]}, "FIELD_INVALID"),
        ({"stock": -1}, "FIELD_INVALID"),
        ({"stock": 1.5}, "FIELD_INVALID"),
        ({"stock": 2**63}, "FIELD_INVALID"),
        ({"sequence": -1}, "FIELD_INVALID"),
        ({"sequence": 2**53}, "FIELD_INVALID"),
        ({"sequence": "1"}, "FIELD_INVALID"),
        ({"source": ""}, "FIELD_INVALID"),
        ({"source": "a b"}, "FIELD_INVALID"),
        ({"source": "x" * 65}, "FIELD_INVALID"),
        ({"source": "č"}, "FIELD_INVALID"),
        ({"source": 1}, "FIELD_INVALID"),
        ({"barcode": 4006381333931}, "FIELD_INVALID"),
        ({"barcode": None}, "FIELD_INVALID"),
        ({"barcode": ""}, "BARCODE_INVALID"),
        ({"barcode": "4006381333932"}, "BARCODE_INVALID"),
        ({"barcode": "٤٠٠٦٣٨١٣٣٣٩٣١"}, "BARCODE_INVALID"),
        ({"barcode": "4" * 1_000_000}, "BARCODE_INVALID"),
        ({"storeId": "s9"}, "STORE_NOT_IN_SCOPE"),
        ({"storeId": None}, "STORE_NOT_IN_SCOPE"),
        ({"storeId": ["s1"]}, "STORE_NOT_IN_SCOPE"),
        ({"currency": "CHF"}, "CURRENCY_MISMATCH"),
        ({"currency": 978}, "CURRENCY_MISMATCH"),
        ({"price": None}, "NOTHING_TO_UPDATE"),
        ({"tenantId": "t2"}, "FIELD_UNKNOWN"),
        ({"$set": {"price": 1}}, "FIELD_UNKNOWN"),
        ({"sourceTime": "2026-11-20T10:05:00.000001Z"}, "SOURCE_TIME_IN_FUTURE"),
        ({"sourceTime": "2026-11-20"}, "FIELD_INVALID"),
        ({"sourceTime": "2026-11-20T10:00:00"}, "FIELD_INVALID"),
        ({"sourceTime": "2026-11-20 10:00:00Z"}, "FIELD_INVALID"),
        ({"sourceTime": "2026-02-30T10:00:00Z"}, "FIELD_INVALID"),
        ({"sourceTime": "2026-W10-1T10:00:00Z"}, "FIELD_INVALID"),
        ({"sourceTime": "0001-01-01T00:00:00+14:00"}, "FIELD_INVALID"),
        ({"sourceTime": "1969-12-31T23:59:59Z"}, "FIELD_INVALID"),
        ({"sourceTime": "٢٠٢٦-11-20T10:00:00Z"}, "FIELD_INVALID"),
        ({"sourceTime": 1_795_168_800}, "FIELD_INVALID"),
    ],
)
def test_what_is_not_right_is_refused_with_a_code(change: dict[str, Any], code: str) -> None:
    assert refusal({**GOOD, **change}) == code


@pytest.mark.parametrize("item", [None, 1, "x", [], [GOOD], True])
def test_an_update_is_an_object(item: Any) -> None:
    assert refusal(item) == "NOT_AN_OBJECT"


def test_five_minutes_ahead_is_still_believed() -> None:
    assert refusal({**GOOD, "sourceTime": "2026-11-20T10:05:00Z"}) is None


def test_a_bad_update_does_not_hold_up_the_others() -> None:
    updates, refusals = reading.read([GOOD, {**GOOD, "price": -1}, {**GOOD, "storeId": "s2"}], ENVELOPE)
    assert [(u.place, u.e, u.currency) for u in updates] == [(0, "m1/0", "EUR"), (2, "m1/2", "CHF")]
    assert [(r.place, r.store_id, r.barcode) for r in refusals] == [(1, "s1", "4006381333931")]


def test_what_a_stranger_wrote_is_made_printable_before_it_is_shown() -> None:
    _, (refused,) = reading.read([{**GOOD, "storeId": "s1\n\x1b[31m" + "x" * 100}], ENVELOPE)
    assert refused.store_id is not None
    assert refused.store_id.startswith("s1??[31mxxx")
    assert len(refused.store_id) == 48


@pytest.mark.parametrize(
    ("content", "count"), [(GOOD, 1), ([GOOD, GOOD], 2), ({"updates": [GOOD, 1, None]}, 3), ({"price": 1}, 1)]
)
def test_one_update_a_list_or_an_object_with_updates(content: Any, count: int) -> None:
    assert len(reading.items_of(content)) == count


@pytest.mark.parametrize(
    "content",
    [
        None,
        1,
        "text",
        [],
        {"updates": []},
        {"updates": {}},
        {"updates": [GOOD], "tenantId": "t2"},
        [GOOD] * 5_001,
        {"updates": [GOOD] * 5_001},
    ],
)
def test_anything_else_is_no_message(content: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        reading.items_of(content)


def test_the_stores_named_are_found_in_whatever_came() -> None:
    assert reading.stores_of([GOOD, {"storeId": "s2"}, {"storeId": 1}, None, [], {}]) == {"s1", "s2"}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, (None, 0)),
        ({"batchId": "pb-1"}, ("pb-1", 0)),
        ({"batchId": "pb-1", "offset": "300"}, ("pb-1", 300)),
        ({"batchId": "pb-1", "offset": "-1"}, ("pb-1", 0)),
        ({"batchId": "pb-1", "offset": "9999999"}, ("pb-1", 0)),
        ({"offset": "300"}, (None, 0)),
    ],
)
def test_a_message_may_name_its_batch(attributes: dict[str, str], expected: tuple[str | None, int]) -> None:
    assert reading.batch_of(attributes) == expected


@pytest.mark.parametrize("batch_id", ["", "a b", "$where", "x" * 65, "a/b", "ä"])
def test_a_batch_id_that_cannot_be_one_is_refused(batch_id: str) -> None:
    with pytest.raises(ValueError, match="batchId"):
        reading.batch_of({"batchId": batch_id})


def test_the_identity_of_a_message_is_its_id_and_its_content_and_always_short() -> None:
    assert reading.key_of("m1", b"a") == reading.key_of("m1", b"a") == "m1-e8b7be43"
    assert reading.key_of("m1", b"a") != reading.key_of("m1", b"b")
    for strange in ("x" * 1000, "a/b", "$x", "", "ä\n"):
        assert len(reading.key_of(strange, b"a")) == 41
        assert reading.key_of(strange, b"a") == reading.key_of(strange, b"a")


class Published:
    def __init__(self, attributes: dict[str, str]) -> None:
        self.attributes = attributes
        self.publish_time = datetime(2026, 11, 20, 10, 0, 0, 1, tzinfo=UTC)


def test_without_a_source_time_the_first_publication_counts() -> None:
    assert reading.published_at(Published({})) == NOW + 1
    assert reading.published_at(Published({"originalPublishTime": "2026-11-20T09:00:00Z"})) == NOW - 3_600_000_000
    assert reading.published_at(Published({"originalPublishTime": "yesterday"})) == NOW + 1
    assert reading.published_at(Published({"originalPublishTime": "9" * 100})) == NOW + 1


# ---- the topic and the REST door understand the same --------------------------------------------------

scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
)
fields: dict[str, st.SearchStrategy[Any]] = {
    "storeId": st.one_of(st.just("s1"), scalars),
    "barcode": st.one_of(st.just("4006381333931"), scalars),
    "price": st.one_of(st.integers(-1, 10**12 + 1), scalars),
    "currency": st.one_of(st.just("EUR"), scalars),
    "stock": st.one_of(st.integers(-1, 10**12 + 1), scalars),
    "sourceTime": st.one_of(st.sampled_from(["2026-11-20T09:30:00Z", "2026-11-20T09:30:00.5-03:30", "today"]), scalars),
    "sequence": st.one_of(st.sampled_from([2**53 - 1, 2**53]), scalars),
    "source": st.one_of(st.sampled_from(["sap", "a b", "x" * 65]), scalars),
    "other": scalars,
}
items = st.fixed_dictionaries({}, optional=fields)


@given(items)
def test_the_rest_door_takes_what_the_topic_takes_and_refuses_by_shape_only_what_it_refuses(item: Any) -> None:
    content = orjson.dumps(item)
    code = refusal(orjson.loads(content))
    try:
        PriceUpdate.model_validate_json(content)
    except ValidationError:
        assert code is not None
    else:
        # What only the applying door can know: the tenant's stores, their currency, the clock, the check digits.
        assert code in (None, "STORE_NOT_IN_SCOPE", "CURRENCY_MISMATCH", "SOURCE_TIME_IN_FUTURE", "BARCODE_INVALID")


@given(st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner)))
def test_nothing_that_is_json_makes_reading_fail(content: Any) -> None:
    try:
        found = reading.items_of(json.loads(json.dumps(content)))
    except ValueError:
        return
    updates, refusals = reading.read(found, ENVELOPE)
    assert len(updates) + len(refusals) == len(found)
