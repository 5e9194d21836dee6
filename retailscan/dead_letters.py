"""`retailscan dead-letters list | show | replay`: messages that could not be applied, one tenant at a time."""

from __future__ import annotations

import argparse
import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson

from functions.common import clock, deadletters, mongo, pubsub
from functions.common.errors import NotFound
from retailscan import Complaint

PAGE = 200


async def run(options: argparse.Namespace) -> int:
    """Do the action; raises Complaint for an unknown id or when MongoDB or Pub/Sub do not answer."""
    action = {"list": _list, "show": _show, "replay": _replay}[options.action]
    try:
        return await action(options)
    except NotFound as error:
        raise Complaint(f"{options.tenant} has no such dead letter.") from error
    except Exception as error:
        if mongo.is_outage(error):
            raise Complaint("MongoDB cannot be reached at the address in MONGODB_URI.") from error
        raise
    finally:
        await pubsub.close()
        await mongo.close()


async def _list(options: argparse.Namespace) -> int:
    records, total = await deadletters.page(
        options.tenant, status=options.status, code=options.code, page=options.page, limit=options.limit
    )
    if options.json:
        for record in records:
            print(_json(record))
        return 0
    for record in records:
        created = record["createdAt"].isoformat(timespec="seconds")
        print(
            f"{record['_id']}  {created}  {record['status']:<9}  {record['code']:<22}  {record['subscription']}\n"
            f"    {record['reason']}"
        )
    print(f"{len(records)} of {total} dead letters of {options.tenant}.")
    return 0


async def _show(options: argparse.Namespace) -> int:
    record = await deadletters.get(options.tenant, options.id)
    if options.json:
        print(_json(record))
        return 0
    content = bytes(record.pop("data"))
    for name, value in record.items():
        print(f"{name:<14}{value}")
    print(f"data          {len(content)} bytes\n{content.decode(errors='backslashreplace')}")
    return 0


async def _replay(options: argparse.Namespace) -> int:
    if bool(options.id) == bool(options.code):
        raise Complaint("Say which: either their ids, or --code for all that were refused with it.")
    replayed = skipped = 0
    async for identifier in _chosen(options):
        record = await deadletters.claim(options.tenant, identifier, by=options.by, at=clock.now())
        if record is None:
            await deadletters.get(options.tenant, identifier)
            skipped += 1
            outcome = "skipped"
        else:
            await deadletters.republish(record)
            replayed += 1
            outcome = "replayed"
        if options.json:
            print(_json({"id": identifier, "outcome": outcome}))
        else:
            print(f"{identifier}  {outcome}")
    if not options.json:
        print(f"{replayed} replayed, {skipped} skipped (being replayed, resolved, or unreadable).")
    return 0


async def _chosen(options: argparse.Namespace) -> AsyncIterator[str]:
    if options.id:
        for identifier in dict.fromkeys(options.id):
            yield identifier
        return
    # Read first, replay then: a replay changes what the next page would hold.
    _, total = await deadletters.page(options.tenant, status=deadletters.PARKED, code=options.code, limit=1)
    found: list[str] = []
    for number in range(1, -(-total // PAGE) + 1):
        records, _ = await deadletters.page(
            options.tenant, status=deadletters.PARKED, code=options.code, page=number, limit=PAGE
        )
        found += [record["_id"] for record in records]
    for identifier in dict.fromkeys(found):
        yield identifier


def _json(value: Any) -> str:
    def plain(other: Any) -> Any:
        if isinstance(other, bytes):
            return base64.b64encode(other).decode()
        raise TypeError(type(other).__name__)

    return orjson.dumps(value, default=plain).decode()
