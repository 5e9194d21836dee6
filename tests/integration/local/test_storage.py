"""The local Cloud Storage, as pages of another origin meet it: like a bucket that Terraform has made."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from local.issuer import Issuer
from local.storage import SHARED_HEADERS, Storage

ROOT = Path(__file__).parents[3]
OBJECT = "/retailscan-imports/imports/one.csv"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    storage = Storage(tmp_path / "storage", Issuer(tmp_path).upload_public_key())
    transport = httpx.ASGITransport(storage.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as made:
        yield made


async def test_a_page_of_this_machine_may_put_with_the_headers_that_are_signed(client: httpx.AsyncClient) -> None:
    origin = "http://127.0.0.1:8080"
    asked = {"origin": origin, "access-control-request-method": "PUT"}
    reply = await client.options(OBJECT, headers=asked)
    assert reply.headers["access-control-allow-origin"] == origin
    assert "PUT" in reply.headers["access-control-allow-methods"]
    # A page is told also why something was refused.
    refused = await client.put(OBJECT, content=b"x", headers={"origin": origin})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (400, origin)


async def test_a_page_of_another_origin_is_told_nothing(client: httpx.AsyncClient) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1.evil.example", "null"):
        reply = await client.options(OBJECT, headers={"origin": origin, "access-control-request-method": "PUT"})
        assert not [name for name in reply.headers if name.startswith("access-control")]


def test_it_takes_the_headers_that_the_buckets_of_an_environment_take() -> None:
    terraform = (ROOT / "infra/terraform/modules/bucket/main.tf").read_text()
    (listed,) = re.findall(r"response_header = \[(.*)\]", terraform)
    assert tuple(re.findall(r'"([^"]+)"', listed)) == SHARED_HEADERS
    signed = re.findall(r'"(x-goog-[a-z-]+)"', (ROOT / "functions/import_publish/sources/blobs.py").read_text())
    assert signed
    assert set(signed) <= set(SHARED_HEADERS)
