"""Bodies made to break a parser, and texts made to forge a line of the log."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.security.contract import Operation, changed, leaves, operation
from tests.security.goods import TENANT
from tests.security.mall import Mall
from tests.security.test_matrix import accepted_items, dotted

SECONDS = 1.0
"""The best of three tries of a refusal; alone on a machine it takes a few milliseconds."""
DEPTH = 10_000
LONE = ("\\ud800", "\\udfff\\ud800", "\\ud800\\u0041")
NO_NUMBERS = ("1e400", "-1e400", "9223372036854775808", "-9223372036854775809", "9" * 5000, "0219", "+1", "NaN")
NUMBERS = (*NO_NUMBERS, "1e3", "219.5")
FREE_FORM = {"metadata", "config"}

NOT_JSON = {
    "10 MB of text": b'"' + b"a" * 10_000_000 + b'"',
    "10 MB of brackets": b"[" * 10_000_000,
    "lists 10,000 deep": b"[" * DEPTH + b"]" * DEPTH,
    "objects 10,000 deep": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    "nothing": b"",
    "null": b"null",
    "NUL": b"\x00",
    "not UTF-8": b'{"code":"\xff\xfe"}',
    "a surrogate in UTF-8": b'{"code":"\xed\xa0\x80"}',
    "a comment": b"{/**/}",
    "two documents": b"{}{}",
}


def bodies(body: Any) -> Iterator[tuple[str, bytes]]:
    """A good body, broken in every way that JSON or its parsers leave open."""
    good = json.dumps(body)
    yield from NOT_JSON.items()
    yield "UTF-16", good.encode("utf-16")
    yield "a byte order mark", b"\xef\xbb\xbf" + good.encode()
    for at, value in leaves(body):
        name, holder = at[-1], inside(body, at[:-1])
        if isinstance(value, str):
            for lone in LONE:
                yield f"{dotted(at)} {lone}", json.dumps(changed(body, at, "@")).replace('"@"', f'"{lone}"').encode()
        elif type(value) is int:
            for number in NUMBERS if not FREE_FORM.intersection(at) else NO_NUMBERS:
                yield f"{dotted(at)} {number[:20]}", json.dumps(changed(body, at, "@")).replace('"@"', number).encode()
        if isinstance(holder, dict):
            for key in (json.dumps(name), '"' + "".join(f"\\u{ord(char):04x}" for char in str(name)) + '"'):
                marked = json.dumps(changed(body, (*at[:-1], "@"), 0))
                yield f"{dotted(at)} twice", marked.replace('"@": 0', f"{key}: {json.dumps(value)}").encode()


def inside(body: Any, at: tuple[str | int, ...]) -> Any:
    for part in at:
        body = body[part]
    return body


def test_json_made_to_break_a_parser_is_refused_at_once(mall: Mall, writing: Operation) -> None:
    headers, before = mall.caller(writing), mall.dump()
    for name, content in bodies(mall.sample(writing).body):
        taken = []
        for _ in range(3):
            started = time.perf_counter()
            reply = mall.ask(writing, headers, content=content)
            taken.append(time.perf_counter() - started)
            if taken[-1] < SECONDS:
                break
        # The rules of an item of a bulk are its own; what is not JSON is still refused as a whole.
        if writing.id == "catalog.load_products" and reply.status_code == 200:
            assert accepted_items(reply) == 0, name
        else:
            assert 400 <= reply.status_code < 500, f"{name}: {reply.status_code} {reply.text[:200]}"
        assert min(taken) < SECONDS, f"{name} took {min(taken):.2f} s"
    assert mall.dump() == before


def test_a_key_that_stands_twice_is_named_as_the_reason(mall: Mall) -> None:
    op = operation("price_ingest.send_price_updates")
    content = json.dumps(mall.sample(op).body).replace('"price": 219', '"price": 1, "pr\\u0069ce": 219').encode()
    reply = mall.ask(op, mall.caller(op), content=content)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "DUPLICATE_KEY")


def test_large_bodies_leave_no_memory_behind(mall: Mall) -> None:
    op, process = operation("price_ingest.send_price_updates"), psutil.Process()
    headers = mall.caller(op)

    def rounds(count: int) -> int:
        for _ in range(count):
            for name in ("10 MB of text", "10 MB of brackets", "objects 10,000 deep"):
                assert mall.ask(op, headers, content=NOT_JSON[name]).status_code in (400, 413)
        return int(process.memory_info().rss)

    before = rounds(3)
    assert rounds(10) - before < 30 << 20


@pytest.mark.parametrize("name", NOT_JSON)
def test_a_message_that_breaks_a_parser_is_kept_and_not_sent_again(mall: Mall, name: str) -> None:
    """Sending it again would break it again: it is acknowledged and put where an operator finds it."""
    reply = mall.push(f"/push/price-updates/{TENANT}", NOT_JSON[name])
    assert reply.status_code == 204, reply.text
    (kept,) = mall.database.dead_letters.find({"tenantId": TENANT, "reason": {"$ne": "not JSON"}})
    assert kept["code"] in ("NOT_JSON", "BAD_SHAPE", "FIELD_INVALID", "FIELD_UNKNOWN", "STORE_NOT_IN_SCOPE")


# -- the log -----------------------------------------------------------------------------------------------------

FORGERY = '\r\n{"severity":"CRITICAL","event":"forged"}\n\x1b[31m\x00\u2028\x85"}\n'
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.")


def lines(captured: str) -> list[dict[str, Any]]:
    """The log as Cloud Logging reads it: one JSON object a line."""
    return [json.loads(line) for line in captured.split("\n") if line]


def check(captured: str, at_least: int) -> None:
    """Every line is one of ours, whole, and shows no token."""
    read = lines(captured)
    assert len(read) >= at_least
    assert {line["severity"] for line in read} <= {"INFO", "NOTICE", "WARNING", "ERROR"}
    assert all({"severity", "time", "message", "event"} <= set(line) for line in read)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", captured)
    assert not _JWT.search(captured)


def test_no_text_of_a_caller_forges_a_line_of_the_log(
    mall: Mall, op: Operation, capsys: pytest.CaptureFixture[str]
) -> None:
    sample, headers = mall.sample(op), mall.caller(op)
    capsys.readouterr()
    replies = []
    for at, value in leaves(sample.body):
        if isinstance(value, str):
            replies.append(mall.ask(op, headers, body=changed(sample.body, at, value + FORGERY)))
        if isinstance(inside(sample.body, at[:-1]), dict):
            replies.append(mall.ask(op, headers, body=changed(sample.body, (*at[:-1], FORGERY), 1)))
    for name in op.path_names:
        replies.append(mall.ask(op, headers, path={name: "%0d%0a%7B%22severity%22:%22CRITICAL%22%7D%1b"}))
    for name in (*op.query_names, FORGERY):
        replies.append(mall.ask(op, headers, query={name: FORGERY}))
    evil = {"X-Request-Id": '"}{', "User-Agent": '"\t{"', "Traceparent": '"}{', "Idempotency-Key": '"}\t{"'}
    replies.append(mall.ask(op, {**headers, **evil}))
    replies.append(mall.ask(op, {"Authorization": 'Bearer "}{'}))
    # In a process's first request functions-framework's own router answers a path with a line break, in plain text.
    ours = [reply for reply in replies if reply.headers["content-type"] == "application/json"]
    check(capsys.readouterr().err, sum(reply.status_code >= 400 for reply in ours))


def test_no_text_of_a_message_forges_a_line_of_the_log(mall: Mall, capsys: pytest.CaptureFixture[str]) -> None:
    body = mall.sample(operation("price_ingest.send_price_updates")).body
    path = f"/push/price-updates/{TENANT}"
    capsys.readouterr()
    sent = 0
    for at, value in leaves(body):
        if isinstance(value, str):
            assert mall.deliver(path, changed(body, at, value + FORGERY)).status_code == 204
            sent += 1
    for attributes in ({"batchId": FORGERY}, {FORGERY: FORGERY}, {"replayOf": FORGERY}, {"traceparent": FORGERY}):
        assert mall.deliver(path, [FORGERY], **attributes).status_code == 204
        sent += 1
    check(capsys.readouterr().err, sent)
