"""The bucket, with Google's own client against the local Cloud Storage: whole files or none, and uploads by URL."""

import asyncio
import gzip
import hashlib
import random
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from functions.common.errors import Unavailable
from functions.import_publish.sources import blobs
from functions.import_publish.sources.blobs import PART_BYTES, BlobMissing, BlobTooLarge, Bucket

LIMIT = 100 << 20


@pytest.fixture
def name() -> str:
    return f"acme/{uuid.uuid4().hex}/Preise März + 50%.csv"


async def read(bucket: Bucket, name: str, generation: int | None = None) -> bytes:
    def work() -> bytes:
        with bucket.open(name, generation) as file:
            return file.read()

    return await asyncio.to_thread(work)


async def chunks(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, 3 * PART_BYTES + 17])
async def test_what_is_put_in_comes_out_the_same(bucket: Bucket, name: str, size: int) -> None:
    data = random.Random(size).randbytes(size)
    stored = await bucket.put(name, chunks(data, 70_001), limit=LIMIT, media="text/csv")
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(data).hexdigest())
    assert await read(bucket, name, stored.generation) == data
    seen = await bucket.stat(name)
    assert seen is not None
    assert (seen.size, seen.media, seen.generation) == (size, "text/csv", stored.generation)


async def test_a_reader_gives_what_is_asked_for_in_steps_of_any_size(bucket: Bucket, name: str) -> None:
    data = random.Random(1).randbytes(PART_BYTES + 1000)
    await bucket.put(name, data, limit=LIMIT)

    def work() -> bytes:
        got, sizes = bytearray(), [1, 10, 100_000, PART_BYTES, 5]
        with bucket.open(name) as file:
            for size in sizes:
                got += file.read(size)
            got += file.read(-1)
            assert file.read(1) == b""
        return bytes(got)

    assert await asyncio.to_thread(work) == data


async def test_nothing_is_kept_of_what_is_too_large(bucket: Bucket, name: str) -> None:
    endless = (b"x" * (1 << 20) for _ in range(10_000))
    taken = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        for piece in endless:
            taken += 1
            yield piece

    with pytest.raises(BlobTooLarge):
        await bucket.put(name, pieces(), limit=3 << 20)
    assert taken <= 5
    assert await bucket.stat(name) is None


async def test_nothing_is_kept_of_what_breaks_off(bucket: Bucket, name: str) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * (2 * PART_BYTES)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await bucket.put(name, pieces(), limit=LIMIT)
    assert await bucket.stat(name) is None


async def test_a_reader_keeps_to_the_content_it_was_opened_for(bucket: Bucket, name: str) -> None:
    first = await bucket.put(name, b"first", limit=LIMIT)
    await bucket.put(name, b"second", limit=LIMIT)
    assert await read(bucket, name) == b"second"
    with pytest.raises(BlobMissing):
        await read(bucket, name, first.generation)


async def test_what_is_not_there_can_neither_be_read_nor_does_deleting_it_hurt(bucket: Bucket, name: str) -> None:
    with pytest.raises(BlobMissing):
        await read(bucket, name)
    await bucket.delete(name)
    await bucket.put(name, b"x", limit=LIMIT)
    await bucket.delete(name)
    assert await bucket.stat(name) is None


async def test_an_upload_url_takes_a_file_once(bucket: Bucket, name: str) -> None:
    ticket = await bucket.upload_url(name, limit=1 << 20, media="text/csv")
    async with httpx.AsyncClient() as client:
        assert "host" not in {name.lower() for name in ticket.headers}, "browsers refuse to be told it"
        first = await client.put(ticket.url, content=b"barcode,price\n", headers=ticket.headers)
        again = await client.put(ticket.url, content=b"something else", headers=ticket.headers)
    assert (first.status_code, again.status_code) == (200, 412)
    assert await read(bucket, name) == b"barcode,price\n"
    stored = await bucket.stat(name)
    assert stored is not None
    assert stored.media == "text/csv"
    digest = await bucket.digest(stored)
    assert digest.sha256 == hashlib.sha256(b"barcode,price\n").hexdigest()


async def test_an_upload_url_takes_nothing_that_is_larger_than_it_says(bucket: Bucket, name: str) -> None:
    ticket = await bucket.upload_url(name, limit=10)
    async with httpx.AsyncClient() as client:
        told = await client.put(ticket.url, content=b"x" * 11, headers=ticket.headers)
        untold = await client.put(ticket.url, content=chunks(b"x" * 11, 4), headers=ticket.headers)
    assert (told.status_code, untold.status_code) == (400, 400)
    assert await bucket.stat(name) is None


@pytest.mark.parametrize("change", ["object", "method", "header", "expiry", "signature", "more", "type", "no limit"])
async def test_a_tampered_upload_url_is_refused(bucket: Bucket, name: str, change: str) -> None:
    ticket = await bucket.upload_url(name, limit=1 << 20, media="text/csv")
    url, headers, method = ticket.url, dict(ticket.headers), "PUT"
    if change == "object":
        url = url.replace("acme/", "bolt/")
    elif change == "method":
        method = "GET"
    elif change == "header":
        headers["x-goog-content-length-range"] = f"0,{10 << 30}"
    elif change == "expiry":
        url = url.replace("X-Goog-Expires=3600", "X-Goog-Expires=36000")
    elif change == "signature":
        url = url[:-4] + ("0000" if not url.endswith("0000") else "1111")
    elif change == "more":
        headers["x-goog-acl"] = "public-read"
    elif change == "type":
        headers["content-type"] = "text/html"
    else:
        del headers["x-goog-content-length-range"]
    assert (url, headers, method) != (ticket.url, ticket.headers, "PUT")
    async with httpx.AsyncClient() as client:
        answer = await client.request(method, url, content=b"x", headers=headers)
    assert answer.status_code == 403
    assert await bucket.stat(name) is None


async def test_an_upload_url_dies(bucket: Bucket, name: str) -> None:
    ticket = await bucket.upload_url(name, limit=10, lives=timedelta(seconds=1))
    await asyncio.sleep(2.1)
    async with httpx.AsyncClient() as client:
        answer = await client.put(ticket.url, content=b"x", headers=ticket.headers)
    assert answer.status_code == 400
    assert "ExpiredToken" in answer.text


async def test_an_upload_url_holds_no_key(bucket: Bucket, name: str, storage_server: dict[str, str]) -> None:
    ticket = await bucket.upload_url(name, limit=10)
    assert "PRIVATE" not in ticket.url
    assert urlsplit(ticket.url).netloc == urlsplit(storage_server["STORAGE_EMULATOR_HOST"]).netloc
    assert storage_server["IMPORT_UPLOAD_KEY"] not in repr(bucket)


async def test_content_that_calls_itself_gzip_is_not_unpacked_behind_our_back(bucket: Bucket, name: str) -> None:
    bomb = gzip.compress(bytes(50 << 20))
    ticket = await bucket.upload_url(name, limit=1 << 20)
    async with httpx.AsyncClient() as client:
        answer = await client.put(ticket.url, content=bomb, headers=ticket.headers | {"content-encoding": "gzip"})
    assert answer.status_code == 200
    assert await read(bucket, name) == bomb


async def test_a_store_that_cannot_be_reached_says_so_as_an_outage(
    free_port: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from local.processes import free_port as port

    monkeypatch.setattr(blobs, "TIMEOUT_SECONDS", (0.2, 0.2))
    monkeypatch.setattr(blobs, "RETRY_SECONDS", 0.5)
    lost = Bucket("retailscan-imports", endpoint=f"http://127.0.0.1:{port()}")
    with pytest.raises(Unavailable):
        await lost.put("acme/x", b"x", limit=10)
    lost.close()
