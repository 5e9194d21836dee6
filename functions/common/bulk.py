"""Many writes in one command, told apart by their index: what the hot path uses instead of the driver's bulk API.

The server is sent the same commands as by `bulk_write(ordered=False)`, for about a fifth less work here. The driver
does not retry them: callers look again and decide again, which a retried write could not do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from functions.common import mongo

_LOST = frozenset({11000, 112, 121})
"""Duplicate key (the upsert of a lost compare-and-set), write conflict, validation (an upsert that made nothing)."""
_MAX_TIME_MS = 5000


async def compare_and_set(collection: str, updates: Sequence[Mapping[str, Any]]) -> list[int]:
    """Apply `{q, u, upsert: True}` updates, each of one document whose `_id`, scope and version are in `q`.

    Returns the indexes of those whose document was not in that version any more. They must be upserts: a matching
    document is updated, otherwise the insert collides with the document that has this `_id` already, and that is
    how the server names the index of a compare-and-set that was lost. Raises pymongo's errors; after an outage it
    is unknown which were applied.
    """
    if not updates:
        return []
    reply = await mongo.database().command(
        {
            "update": collection,
            "updates": updates,
            "ordered": False,
            "writeConcern": {"w": "majority"},
            "maxTimeMS": _MAX_TIME_MS,
        }
    )
    return _lost(reply)


async def upsert(collection: str, updates: Sequence[Mapping[str, Any]]) -> list[int]:
    """Apply `{q, u, upsert: True}` updates by `_id`; returns the indexes whose insert raced with another."""
    return await compare_and_set(collection, updates)


async def insert_missing(collection: str, documents: Sequence[Mapping[str, Any]]) -> None:
    """Insert documents with ids of their own making; those that are there already stay as they are."""
    if not documents:
        return
    reply = await mongo.database().command(
        {
            "insert": collection,
            "documents": list(documents),
            "ordered": False,
            "writeConcern": {"w": "majority"},
            "maxTimeMS": _MAX_TIME_MS,
        }
    )
    _lost(reply, frozenset({11000}))


def _lost(reply: Mapping[str, Any], expected: frozenset[int] = _LOST) -> list[int]:
    from pymongo.errors import OperationFailure, WriteConcernError

    lost: list[int] = []
    for error in reply.get("writeErrors", ()):
        if error.get("code") not in expected:
            raise OperationFailure(error.get("errmsg", "a write failed"), error.get("code"), dict(error))
        lost.append(int(error["index"]))
    unconfirmed = reply.get("writeConcernError")
    if unconfirmed is not None:
        raise WriteConcernError(unconfirmed.get("errmsg", "not durable"), unconfirmed.get("code"), dict(unconfirmed))
    return lost
