"""`retailscan migrate`: what the rooms in this image declare, brought about in MONGODB_DATABASE."""

from __future__ import annotations

import argparse
from typing import Any

from functions.common import migrations, settings
from retailscan import Complaint


async def run(options: argparse.Namespace) -> int:
    """Apply, or on a dry run only report; raises Complaint when MongoDB cannot be reached."""
    from pymongo import AsyncMongoClient
    from pymongo.errors import ConnectionFailure

    # Not functions.common.mongo's client: its time-outs are a door's, and building an index may take minutes.
    common = settings.common()
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(common.mongodb_uri, appname="migrate", w="majority")
    changes: list[str] = []
    try:
        for room, collections in migrations.discover().items():
            report = await migrations.apply(client[common.mongodb_database], collections, dry_run=options.dry_run)
            changes += [f"{room}: {sentence}" for sentence in report]
    except ConnectionFailure as error:
        raise Complaint(f"MongoDB cannot be reached at the address in MONGODB_URI ({type(error).__name__}).") from error
    finally:
        await client.close()
    for change in changes:
        print(change)
    verb = "would change" if options.dry_run else "changed"
    print(f"{common.mongodb_database}: {len(changes) or 'nothing'} {verb}.")
    return 0
