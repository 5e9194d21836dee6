"""What a shopper's phone takes with it: the catalogue of the store it is in, and the key that proves whose it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from functions.catalog import wiring
from functions.catalog.door import NOT_FOUND, STORE, door, store_of
from functions.common import auth
from functions.common.http import Call, Reply

KIND = "application/x-ndjson"


@door.get(
    f"{STORE}/snapshot",
    auth=auth.session(),
    summary="The products of your store as one signed file, to scan without a network",
    description="Lines of JSON, `[barcode, name, price, measure, age, packs]`, and at last a signature (EdDSA). "
    "At most 20,000 products, a minute old at most. Send `If-None-Match`.",
    reply_media=KIND,
    rate="snapshot",
    errors=NOT_FOUND,
)
async def read_snapshot(call: Call) -> Reply:
    found = await wiring.snapshots().of(await store_of(call), call.now)
    headers: tuple[tuple[str, str], ...] = (("content-type", KIND), ("etag", found.etag), ("vary", "accept-encoding"))
    if call.header("if-none-match") == found.etag:
        return Reply(stream=_pieces(()), status=304, headers=headers)
    packed = "gzip" in (call.header("accept-encoding") or "").lower()
    if packed:
        headers = (*headers, ("content-encoding", "gzip"))
    return Reply(stream=_pieces(found.chunks(unpack=not packed)), headers=headers)


@door.get(
    "/v1/catalog-keys.json",
    auth=auth.public(),
    summary="The public keys of snapshots (RFC 7517)",
    reply="KeyDocument",
    raw_reply=True,
)
async def read_catalog_keys(call: Call) -> Reply:
    return Reply(wiring.key_document(), headers=(("cache-control", "public, max-age=300"),))


async def _pieces(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
