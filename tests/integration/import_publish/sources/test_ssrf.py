"""Nobody can send us to our own network: no connection arrives at a listener there, whatever the URL or the DNS."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from functions.import_publish.sources import guard as guards
from functions.import_publish.sources import web
from functions.import_publish.sources.guard import Guard, read_url
from functions.import_publish.sources.problems import Budget, SourceProblem

BUDGET = Budget(seconds=3, connect_seconds=0.5, silence_seconds=0.5, tries=1)

# PORT is the listener's. Every host is this machine in some disguise, as far as the system's resolver is asked.
URLS = [
    f"{scheme}://{host}:PORT/{path}"
    for scheme, path in (("https", "latest/meta-data"), ("http", "computeMetadata/v1/"))
    for host in (
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0177.0.0.1", "0177.0.0.01", "0x7f000001",
        "0x7f.0.0.1", "0x7f.1", "127.00.00.01", "127.0.0.1.", "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.",
        "a.localhost", "ip6-localhost", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[::127.0.0.1]", "user@127.0.0.1", "example.com@127.0.0.1", "user:pass@localhost", "me.test", "mapped.test",
        "one-of-two.test", "other-of-two.test", "metadata.google.internal", "①②⑦.⓪.⓪.①",
    )
]  # fmt: skip
URLS += ["https://127.0.0.1:PORT#@example.com/", "https://127.0.0.1:PORT\\@example.com/", "//127.0.0.1:PORT/x"]
NAMES = {
    "me.test": ["127.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "one-of-two.test": ["127.0.0.1", "93.184.216.34"],
    "other-of-two.test": ["93.184.216.34", "127.0.0.1"],
    "metadata.google.internal": ["127.0.0.1"],
}


@dataclass
class Listener:
    port: int
    connections: int = 0


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener(0)

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.connections += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    six = None
    if socket.has_ipv6:
        with_six = asyncio.start_server(serve, "::1", listener.port)
        try:
            six = await with_six
        except OSError:
            six = None
    try:
        yield listener
    finally:
        for each in filter(None, (server, six)):
            each.close()
            await each.wait_closed()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as made:
        yield made


@pytest.fixture(autouse=True)
def _the_listeners_port_would_be_allowed(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(guards.PORTS, "https", frozenset({443, 8443, listener.port}))


async def system_or_table(host: str, port: int) -> list[str]:
    """The system's resolver, which understands numbers in all their disguises, and some names of our own."""
    return NAMES.get(host) or await guards._ask_system(host, port)


async def attempt(guard: Guard, text: str) -> httpx.Response:
    async with web.client(guard, BUDGET) as client:
        return await client.get(read_url(text))


@pytest.mark.parametrize("text", URLS)
async def test_no_connection_is_made_to_this_machine(listener: Listener, text: str) -> None:
    with pytest.raises(SourceProblem) as caught:
        await attempt(Guard(resolver=system_or_table), text.replace("PORT", str(listener.port)))
    await asyncio.sleep(0)
    assert caught.value.code in ("SOURCE_FORBIDDEN_ADDRESS", "SOURCE_UNREACHABLE")
    assert listener.connections == 0


async def test_the_listener_would_have_counted(listener: Listener) -> None:
    answer = await attempt(Guard({f"127.0.0.1:{listener.port}"}), f"http://127.0.0.1:{listener.port}/x")
    assert (answer.text, listener.connections) == ("hi", 1)


def changing(*answers: list[str] | OSError) -> tuple[Callable[[str, int], object], list[str]]:
    """A DNS that says something else every time."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        answer = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        if isinstance(answer, OSError):
            raise answer
        return answer

    return resolve, asked


async def test_a_dns_that_changes_its_answer_between_check_and_connection_gains_nothing(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpcore

    connected: list[str] = []

    async def connect(_self: object, host: str, *_args: object, **_options: object) -> None:
        connected.append(host)
        raise httpcore.ConnectError("not in a test")

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    resolve, asked = changing(["93.184.216.34"], ["127.0.0.1"])
    url = f"https://rebinding.test:{listener.port}/x"
    with pytest.raises(SourceProblem) as caught:
        await attempt(Guard(resolver=resolve), url)  # type: ignore[arg-type]
    assert caught.value.code == "SOURCE_UNREACHABLE"
    assert connected == ["93.184.216.34"], "the address that was checked is the one that is gone to"
    assert asked == ["rebinding.test"], "nobody asks twice"


async def test_a_dns_that_fails_first_does_not_get_us_past_the_check(listener: Listener) -> None:
    resolve, asked = changing(OSError("temporary failure in name resolution"), ["127.0.0.1"])
    guard = Guard(resolver=resolve)  # type: ignore[arg-type]
    for code in ("SOURCE_UNREACHABLE", "SOURCE_FORBIDDEN_ADDRESS"):
        with pytest.raises(SourceProblem) as caught:
            await attempt(guard, f"https://flaky.test:{listener.port}/x")
        assert caught.value.code == code
    assert (len(asked), listener.connections) == (2, 0)


async def test_a_dns_that_never_answers_is_not_waited_for(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "RESOLVE_SECONDS", 0.1)

    async def never(_host: str, _port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(SourceProblem) as caught:
        await attempt(Guard(resolver=never), f"https://silent.test:{listener.port}/x")
    assert caught.value.code == "SOURCE_UNREACHABLE"


async def test_a_redirect_is_not_followed(listener: Listener) -> None:
    hops = 0

    async def redirect(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal hops
        hops += 1
        place = f"http://127.0.0.1:{listener.port}/secret"
        writer.write(f"HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(redirect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(SourceProblem) as caught:
        await attempt(Guard({f"127.0.0.1:{port}"}), f"http://127.0.0.1:{port}/x")
    server.close()
    await server.wait_closed()
    assert (caught.value.code, hops, listener.connections) == ("SOURCE_REDIRECTS", 1, 0)


async def test_no_proxy_of_the_environment_is_asked(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    with pytest.raises(SourceProblem):
        await attempt(Guard(resolver=changing(OSError("no such host"))[0]), "https://example.com/x")  # type: ignore[arg-type]
    assert listener.connections == 0
