"""The HTTP client behind pushes and tasks: connections, answers of every shape, time-outs, peers that hang up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from local.processes import free_port
from local.push import NO_ANSWER, TOO_LATE, Pool, target_of

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


@contextlib.asynccontextmanager
async def pool_to(serve: Serve, limit: int = 256) -> AsyncIterator[Pool]:
    """A pool that leads to a server made of one coroutine per connection."""

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    pool = Pool(target_of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"), limit)
    try:
        yield pool
    finally:
        pool.close()
        await asyncio.sleep(0.01)
        server.close()
        await server.wait_closed()


async def send(pool: Pool, data: bytes = REQUEST, timeout_s: float = 5.0) -> int:
    """One request; its status."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    pool.send(data, timeout_s, lambda token, status: token.set_result(status), answer)
    return await asyncio.wait_for(answer, 5)


def always(reply: bytes, connections: list[int] | None = None, after_s: float = 0.0) -> Serve:
    """Answers every request alike; counts connections by appending to the list."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connections is not None:
            connections.append(1)
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(after_s)
            writer.write(reply)

    return serve


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 200),
        (b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 0\r\n\r\n", 200),
        (b"HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\n\r\n", 500),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: 1\r\n\r\n", 200),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}", 201),
    ],
    ids=["no content", "length", "empty", "chunked", "trailer", "interim"],
)
async def test_answers_of_every_shape_are_understood_and_the_connection_is_kept(reply: bytes, status: int) -> None:
    connections: list[int] = []
    async with pool_to(always(reply, connections)) as pool:
        assert [await send(pool) for _ in range(3)] == [status] * 3

    assert len(connections) == 1


async def test_an_answer_in_small_pieces_is_one_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.001)
        await reader.read()

    async with pool_to(serve) as pool:
        assert await send(pool) == 200


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nand so on")

    async with pool_to(serve) as pool:
        assert await send(pool) == 200


async def test_a_peer_that_asks_to_close_gets_a_new_connection_next_time() -> None:
    connections: list[int] = []
    reply = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    async with pool_to(always(reply, connections)) as pool:
        assert [await send(pool) for _ in range(3)] == [204] * 3

    assert len(connections) == 3


async def test_requests_side_by_side_use_up_to_the_limit_of_connections() -> None:
    connections: list[int] = []
    reply = b"HTTP/1.1 204 No Content\r\n\r\n"
    async with pool_to(always(reply, connections, after_s=0.05), limit=4) as pool:
        statuses = await asyncio.gather(*(send(pool) for _ in range(12)))

    assert statuses == [204] * 12
    assert len(connections) == 4


async def test_a_silent_peer_is_too_late() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with pool_to(serve) as pool:
        started = asyncio.get_running_loop().time()
        assert await send(pool, timeout_s=0.2) == TOO_LATE
        assert asyncio.get_running_loop().time() - started < 1.0


async def test_nobody_there_is_no_answer() -> None:
    pool = Pool(target_of(f"http://127.0.0.1:{free_port()}/"))
    assert await send(pool) == NO_ANSWER
    pool.close()


async def test_a_peer_that_hangs_up_in_the_middle_is_no_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf")

    async with pool_to(serve) as pool:
        assert await send(pool) == NO_ANSWER


async def test_a_request_that_met_a_connection_closed_while_it_rested_is_sent_again() -> None:
    seen: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(0)
        mine = len(seen) - 1
        while True:
            await reader.readuntil(b"\r\n\r\n")
            seen[mine] += 1
            if mine == 0 and seen[0] == 2:  # as a server that closes at the moment the request arrives
                return
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with pool_to(serve) as pool:
        assert await send(pool) == 204
        await asyncio.sleep(0.4)
        assert await send(pool) == 204

    assert seen == [2, 1]


async def test_an_idle_connection_is_left_before_the_server_hangs_up() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await reader.read()
        closed.set()

    async with pool_to(serve) as pool:
        assert await send(pool) == 204
        await asyncio.wait_for(closed.wait(), 1.95)


async def test_the_answer_to_head_has_no_body_whatever_it_says() -> None:
    reply = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
    async with pool_to(always(reply)) as pool:
        assert [await send(pool, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(2)] == [200, 200]


async def test_closing_answers_what_is_in_flight() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with pool_to(serve) as pool:
        pending = asyncio.create_task(send(pool))
        await asyncio.sleep(0.05)
        pool.close()
        assert await pending == NO_ANSWER


@pytest.mark.parametrize("url", ["ftp://x/", "nonsense", "http:///path", "http://x/a b", "http://x/\r\nEvil: 1"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        target_of(url)
