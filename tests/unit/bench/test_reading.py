"""What the generators read off the wire, and the counters of a door."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from bench.stage import total
from bench.wire import NO_ANSWER, Connection, request

EXPOSITION = """\
# HELP price_updates_total Updates by what became of them.
# TYPE price_updates_total counter
price_updates_total{outcome="applied"} 41.0
price_updates_total{outcome="stale"} 3.0
price_updates_total_created{outcome="applied"} 1.7e9
http_requests_total{method="GET",route="/v1/scan/{code:path}",status="200"} 5.0
http_requests_total{method="GET",route="/v1/scan/{code:path}",status="404"} 2.0
product_database_reads_total 400.0
"""


def test_a_counter_is_found_by_its_label() -> None:
    assert total(EXPOSITION, "price_updates_total", outcome="applied") == 41


def test_series_that_share_the_label_are_added_up() -> None:
    assert total(EXPOSITION, "http_requests_total", method="GET") == 7
    assert total(EXPOSITION, "http_requests_total", method="GET", status="404") == 2


def test_a_counter_without_labels_is_found_by_its_name() -> None:
    assert total(EXPOSITION, "product_database_reads_total") == 400


def test_a_counter_that_was_never_counted_is_zero() -> None:
    assert total(EXPOSITION, "price_updates_total", outcome="parked") == 0
    assert total(EXPOSITION, "nothing_total") == 0


class Transport:
    """Takes what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


@pytest.fixture
def answers() -> list[tuple[int, bytes]]:
    """What the connection said was answered."""
    return []


@pytest.fixture
def connection(answers: list[tuple[int, bytes]]) -> Connection:
    """An open connection that was just asked something."""
    made = Connection(lambda _connection, status, body: answers.append((status, body)))
    made.connection_made(cast(asyncio.BaseTransport, cast(Any, Transport())))
    made.send(b"GET / HTTP/1.1\r\n\r\n")
    return made


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize("wire", [WHOLE, CHUNKED], ids=["length", "chunked"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_is_whole_however_it_is_cut_up(
    connection: Connection, answers: list[tuple[int, bytes]], wire: bytes, size: int
) -> None:
    for start in range(0, len(wire), size):
        assert answers == []
        connection.data_received(wire[start : start + size])
    assert answers == [(200, b"hello")]


def test_answers_on_one_connection_are_kept_apart(connection: Connection, answers: list[tuple[int, bytes]]) -> None:
    connection.data_received(WHOLE)
    connection.send(b"GET / HTTP/1.1\r\n\r\n")
    connection.data_received(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
    assert answers == [(200, b"hello"), (404, b"")]


def test_a_connection_lost_in_the_middle_is_no_answer(connection: Connection, answers: list[tuple[int, bytes]]) -> None:
    connection.data_received(WHOLE[:-2])
    connection.connection_lost(None)
    assert answers == [(NO_ANSWER, b"")]
    assert not connection.open


def test_a_connection_lost_at_rest_bothers_nobody(connection: Connection, answers: list[tuple[int, bytes]]) -> None:
    connection.data_received(WHOLE)
    connection.connection_lost(None)
    assert answers == [(200, b"hello")]


def test_a_request_is_written_as_http_wants_it() -> None:
    wire = request("127.0.0.1", 8080, "/v1/scan/4006381333931", {"authorization": "Bearer t"})
    assert wire == b"GET /v1/scan/4006381333931 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nauthorization: Bearer t\r\n\r\n"
