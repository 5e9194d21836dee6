"""The stand-in of FCM refuses what Google's would, and takes what our client sends."""

from __future__ import annotations

import random
from typing import Any

import pytest

from local.fcm.message_format import violations
from local.fcm.troubles import KINDS, Trouble

GOOD: dict[str, Any] = {
    "token": "t",
    "data": {"kind": "paid"},
    "notification": {"title": "Paid", "body": "It is"},
    "android": {"collapse_key": "cart", "priority": "high", "ttl": "300s", "notification": {"tag": "cart"}},
    "apns": {"headers": {"apns-priority": "10", "apns-expiration": "0"}, "payload": {"aps": {}}},
    "webpush": {"headers": {"TTL": "300", "Urgency": "high", "Topic": "cart"}, "notification": {"tag": "cart"}},
}


def changed(**changes: Any) -> dict[str, Any]:
    return {"message": {**GOOD, **changes}}


def test_a_good_message_is_taken() -> None:
    assert violations({"message": GOOD}) == []
    assert violations({"message": GOOD, "validate_only": True}) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "message"),
        ({"message": "hello"}, "message"),
        ({"message": GOOD, "dry_run": True}, "dry_run"),
        (changed(token=None), "message.token"),
        (changed(token=""), "message"),
        (changed(topic="news"), "message"),
        (changed(priority="high"), "message.priority"),
        (changed(data={"n": 1}), "message.data"),
        (changed(data={"from": "me"}), "message.data"),
        (changed(data={"google.x": "me"}), "message.data"),
        (changed(notification={"title": "t", "tag": "x"}), "message.notification.tag"),
        (changed(notification="Paid"), "message.notification"),
        (changed(data={"a": "x" * 4096}), "message"),
        (changed(android={"ttl": 300}), "message.android.ttl"),
        (changed(android={"ttl": "5m"}), "message.android.ttl"),
        (changed(android={"priority": "urgent"}), "message.android.priority"),
        (changed(android={"notification": {"sticky": "yes"}}), "message.android.notification.sticky"),
        (changed(android={"notification": {"body_loc_args": "a"}}), "message.android.notification.body_loc_args"),
        (
            changed(android={"notification": {"notification_count": True}}),
            "message.android.notification.notification_count",
        ),
        (changed(apns={"headers": {"apns-collapse-id": "x" * 65}}), "message.apns.headers"),
        (changed(apns={"headers": {"apns-priority": "7"}}), "message.apns.headers"),
        (changed(apns={"headers": {"apns-expiration": "soon"}}), "message.apns.headers"),
        (changed(apns={"payload": {"alert": {}}}), "message.apns.payload"),
        (changed(apns={"payload": []}), "message.apns.payload"),
        (changed(webpush={"headers": {"TTL": "soon"}}), "message.webpush.headers"),
        (changed(webpush={"headers": {"Urgency": "now"}}), "message.webpush.headers"),
        (changed(webpush={"headers": {"Topic": "a b"}}), "message.webpush.headers"),
        (changed(webpush={"headers": {"Topic": "x" * 33}}), "message.webpush.headers"),
    ],
)
def test_what_google_would_refuse_is_refused(body: Any, field: str) -> None:
    assert field in {each.field for each in violations(body)}


def test_a_trouble_strikes_so_often_and_whom_it_is_meant_for() -> None:
    dice = random.Random(1)
    twice = Trouble("INTERNAL", times=2, token="mine")
    assert [twice.strikes(token, dice) for token in ("mine", "other", "mine", "mine")] == [True, False, True, False]
    half = Trouble("UNAVAILABLE", times=None, share=0.5)
    assert 400 < sum(half.strikes("any", dice) for _ in range(1000)) < 600


def test_a_trouble_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="UNREGISTERED"):
        Trouble("SLEEPY")
    assert "UNREGISTERED" in KINDS
