"""How the Python client behaves when the network and the suite do not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from retailscan_client import ApiError, NoToken, RetailScan, RetailScanError, Retry, Unreachable
from retailscan_client.connection import parsed

Handler = Callable[[httpx.Request], httpx.Response]
OK = {"success": True, "data": {"batchId": "b1"}, "metadata": {"requestId": "r1"}}


def answering(*answers: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A suite that gives these answers in turn, and what it was asked."""
    asked: list[httpx.Request] = []
    rest = iter(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        request.read()
        asked.append(request)
        answer = next(rest)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handle, asked


def client(handle: Handler, slept: list[float] | None = None, **options: Any) -> RetailScan:
    """A client whose pauses are written down and take no time."""
    pauses = slept if slept is not None else []
    given = {"identity": "token", "session": "visit", **options}
    return RetailScan("http://suite", transport=httpx.MockTransport(handle), sleep=pauses.append, **given)


def no(status: int, code: str = "DOWN", **headers: str) -> httpx.Response:
    """A refusal of the suite."""
    error = {"code": code, "message": "not now", "details": [{"field": "x"}]}
    return httpx.Response(status, json={"success": False, "error": error, "metadata": {}}, headers=headers)


def test_a_write_is_repeated_with_the_key_it_had() -> None:
    handle, asked = answering(httpx.ConnectError("down"), no(503), no(504), httpx.Response(202, json=OK))
    with client(handle) as api:
        assert api.price_ingest.send_price_updates({"updates": []})["batchId"] == "b1"
    assert len({request.headers["idempotency-key"] for request in asked}) == 1
    assert len(asked[0].headers["idempotency-key"]) == 32
    assert {request.content for request in asked} == {b'{"updates":[]}'}


def test_a_key_of_the_caller_is_the_one_that_is_sent() -> None:
    handle, asked = answering(httpx.Response(202, json=OK))
    client(handle).price_ingest.send_price_updates({"updates": []}, idempotency_key="mine")
    assert asked[0].headers["idempotency-key"] == "mine"


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("slow"), no(503), no(429)])
def test_a_write_without_a_key_is_never_sent_twice(failure: Any) -> None:
    handle, asked = answering(failure, httpx.Response(200, json=OK))
    with pytest.raises((ApiError, Unreachable)):
        client(handle).sessions.change_line("l1", {"quantity": 2000})
    assert len(asked) == 1


def test_a_question_by_post_may_be_repeated() -> None:
    handle, asked = answering(no(503), httpx.Response(200, json=OK))
    client(handle).scan.scan_symbol({"code": "4006381333931"})
    assert len(asked) == 2


def test_a_refusal_is_not_repeated_and_says_everything() -> None:
    handle, asked = answering(no(400, "VALIDATION_FAILED", **{"x-request-id": "r9"}))
    with pytest.raises(ApiError) as raised:
        client(handle).catalog.read_store("s1")
    error = raised.value
    assert (error.status, error.code, error.message) == (400, "VALIDATION_FAILED", "not now")
    assert (error.details, error.request_id, error.retry_after) == ([{"field": "x"}], "r9", None)
    assert len(asked) == 1


def test_an_answer_of_a_proxy_is_an_error_too() -> None:
    handle, _ = answering(httpx.Response(403, text="<html>blocked</html>"))
    with pytest.raises(ApiError) as raised:
        client(handle).catalog.read_store("s1")
    assert (raised.value.code, raised.value.message) == ("HTTP_403", "<html>blocked</html>")


def test_retry_after_is_waited_for() -> None:
    slept: list[float] = []
    handle, _ = answering(no(429, **{"retry-after": "7"}), httpx.Response(200, json=OK))
    client(handle, slept).catalog.read_store("s1")
    assert 7.0 <= slept[0] <= 7.25


def test_a_key_that_is_in_flight_is_waited_for() -> None:
    handle, asked = answering(no(409, "IDEMPOTENCY_IN_FLIGHT"), httpx.Response(202, json=OK))
    client(handle).price_ingest.send_price_updates({"updates": []})
    assert len(asked) == 2


def test_pauses_double_are_drawn_from_their_whole_range_and_come_to_an_end() -> None:
    retry, down = Retry(attempts=8, first=0.5, longest=4.0), Unreachable("down")
    for attempt, most in enumerate([0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0], start=1):
        drawn = [retry.pause(attempt, down) or 0.0 for _ in range(300)]
        assert min(drawn) < most / 4
        assert 3 * most / 4 < max(drawn) <= most
    assert retry.pause(8, down) is None


def test_nobody_waits_longer_than_they_have_patience() -> None:
    assert Retry(patience=60).pause(1, ApiError(503, "DOWN", "", retry_after=61)) is None


def test_the_last_failure_is_raised() -> None:
    handle, asked = answering(*[httpx.ConnectError("down")] * 3)
    with pytest.raises(Unreachable):
        client(handle, retry=Retry(attempts=3)).catalog.read_store("s1")
    assert len(asked) == 3


def test_the_token_is_asked_for_anew_at_every_attempt() -> None:
    tokens = iter(["old", "new"])
    handle, asked = answering(no(503), httpx.Response(200, json=OK))
    client(handle, identity=lambda: next(tokens)).catalog.read_store("s1")
    assert [request.headers["authorization"] for request in asked] == ["Bearer old", "Bearer new"]


def test_each_call_takes_the_token_it_needs() -> None:
    handle, asked = answering(*[httpx.Response(200, json=OK) for _ in range(3)])
    api = client(handle)
    api.catalog.read_store("s1")
    api.sessions.read_cart()
    api.sessions.read_keys()
    assert [request.headers.get("authorization") for request in asked] == ["Bearer token", "Bearer visit", None]
    with pytest.raises(NoToken, match="session="):
        client(handle, session=None).sessions.read_cart()


def test_values_in_a_path_cannot_leave_it() -> None:
    handle, asked = answering(httpx.Response(200, json=OK))
    client(handle).catalog.read_product("s1", "../a/b?c#d")
    assert asked[0].url.raw_path == b"/v1/stores/s1/products/..%2Fa%2Fb%3Fc%23d"
    for value in ("", ".", ".."):
        with pytest.raises(ValueError, match="part of a path"):
            client(handle).catalog.read_product("s1", value)


def test_what_is_not_given_is_not_asked() -> None:
    handle, asked = answering(*[httpx.Response(200, json=OK) for _ in range(2)])
    client(handle).sessions.read_cart(explain=True)
    client(handle).sessions.read_cart()
    assert [request.url.query for request in asked] == [b"explain=true", b""]


def paged(request: httpx.Request) -> httpx.Response:
    """Five brands, two on a page."""
    page = int(request.url.params["page"])
    brands = [{"brandId": f"b{number}"} for number in range(2 * page - 1, min(2 * page, 5) + 1)]
    return httpx.Response(
        200, json={"data": brands, "pagination": {"page": page, "limit": 2, "total": 5, "totalPages": 3}}
    )


def test_a_list_is_walked_through_page_by_page() -> None:
    api = client(paged)
    assert [brand["brandId"] for brand in api.catalog.list_brands(limit=2)] == ["b1", "b2", "b3", "b4", "b5"]
    page = api.catalog.list_brands(limit=2).page(3)
    assert ([brand["brandId"] for brand in page.items], page.total, page.total_pages) == (["b5"], 5, 3)


def test_pages_are_fetched_only_as_far_as_one_goes() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return paged(request)

    list(islice(client(handle).catalog.list_brands(), 2))
    assert len(asked) == 1


def test_a_file_is_sent_from_its_start_at_every_attempt(tmp_path: Path) -> None:
    file = tmp_path / "goods.csv"
    file.write_bytes(b"barcode,name\n" * 20_000)
    handle, asked = answering(httpx.ReadError("broken"), httpx.Response(202, json=OK))
    client(handle).import_publish.upload_file(file, "text/csv", store_id="s1")
    assert [len(request.content) for request in asked] == [260_000, 260_000]
    assert asked[1].headers["content-length"] == "260000"
    assert asked[1].headers["content-type"] == "text/csv"
    assert asked[1].url.params["storeId"] == "s1"


def notices(*ids: int) -> httpx.Response:
    """A stream that tells so much and ends."""
    text = "retry: 2000\n\n: \n\n" + "".join(
        f"id: {number}\nevent: notice\ndata: {json.dumps({'id': number})}\n\n" for number in ids
    )
    return httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})


def test_a_stream_goes_on_behind_its_last_event() -> None:
    slept: list[float] = []
    handle, asked = answering(notices(1, 2), httpx.ReadError("broken"), notices(3))
    found = list(islice(client(handle, slept).notify.stream_notices(after=0), 3))
    assert [(event.id, event.event, event.data["id"]) for event in found] == [
        ("1", "notice", 1), ("2", "notice", 2), ("3", "notice", 3),
    ]  # fmt: skip
    assert [request.headers.get("last-event-id") for request in asked] == [None, "2", "2"]
    assert slept[0] == 2.0


def test_a_stream_ends_when_the_visit_does() -> None:
    handle, _ = answering(notices(1), no(401, "TOKEN_EXPIRED"))
    stream = client(handle).notify.stream_notices()
    next(stream)
    with pytest.raises(ApiError, match="TOKEN_EXPIRED"):
        next(stream)


def test_events_are_read_as_the_standard_says() -> None:
    lines = ["event: a", 'data: {"x":', "data:1}", "", "data: 2", "", "id: 7", "", ": nothing", "data: 3", ""]
    found: Iterator[Any] = parsed(iter(lines))
    assert [(event.id, event.event, event.data) for event in found] == [
        ("", "a", {"x": 1}), ("", "message", 2), ("7", "message", 3),
    ]  # fmt: skip


def test_every_error_is_one_of_the_package() -> None:
    assert all(issubclass(kind, RetailScanError) for kind in (ApiError, NoToken, Unreachable))
