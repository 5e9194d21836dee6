"""This room's collection: one document a visit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.common.mongo import Document, Scoped
from functions.sessions.domain.visits import Session

NAME = "sessions"


class MongoSessions:
    """Sessions in MongoDB. Every query names the store and the shopper; `scoped` adds them."""

    def __init__(self, scoped: Callable[..., Scoped]) -> None:
        self._scoped = scoped

    async def add(self, session: Session) -> Session:
        """Keep a new session, or return the one that has this id already (a repeated check-in)."""
        from pymongo.errors import DuplicateKeyError

        scope = self._scoped(storeId=session.store_id, userId=session.user_id)
        try:
            await scope.insert_one(_document(session))
        except DuplicateKeyError:
            found = await scope.find_one({"_id": session.session_id})
            if found is None:
                raise
            return _session(found)
        return session

    async def find(self, session_id: str, store_id: str, user_id: str) -> Session | None:
        """The shopper's session. Whether it has expired is for the domain to say."""
        found = await self._scoped(storeId=store_id, userId=user_id).find_one({"_id": session_id})
        return _session(found) if found is not None else None

    async def extend(self, session: Session) -> Session | None:
        """Move the end; two renewals at once leave the later one, an ended session stays as it is."""
        # A visit that lasts longer may be told again that it ends.
        later = {"$max": {"expiresAt": session.expires_at}, "$set": {"noticeAt": None}}
        return await self._update(session, {"status": "active"}, later)

    async def end(self, session: Session, now: datetime) -> Session | None:
        """Mark it ended; the first end wins. A visit whose cart a checkout holds goes on."""
        return await self._update(
            session, {"status": "active", "checkout": None}, {"$set": {"status": "ended", "endedAt": now}}
        )

    async def _update(self, session: Session, condition: dict[str, Any], update: dict[str, Any]) -> Session | None:
        from pymongo import ReturnDocument

        scope = self._scoped(storeId=session.store_id, userId=session.user_id)
        found = await scope.find_one_and_update(
            {"_id": session.session_id, **condition}, update, return_document=ReturnDocument.AFTER
        )
        if found is None:
            found = await scope.find_one({"_id": session.session_id})
        return _session(found) if found is not None else None


def _document(session: Session) -> Document:
    return {
        "_id": session.session_id,
        "tenantId": session.tenant_id,
        "storeId": session.store_id,
        "userId": session.user_id,
        "status": session.status,
        "createdAt": session.created_at,
        "expiresAt": session.expires_at,
    }


def _session(found: Document) -> Session:
    return Session(
        session_id=found["_id"],
        tenant_id=found["tenantId"],
        store_id=found["storeId"],
        user_id=found["userId"],
        status=found["status"],
        created_at=found["createdAt"],
        expires_at=found["expiresAt"],
        ended_at=found.get("endedAt"),
    )
