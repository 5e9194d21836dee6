"""Visits and tokens as the app sees them."""

from __future__ import annotations

from functions.sessions import schemas
from functions.sessions.domain.visits import Session
from functions.sessions.service import CheckedIn, Token


def session(visit: Session) -> schemas.SessionView:
    """A visit."""
    return schemas.SessionView(
        session_id=visit.session_id,
        store_id=visit.store_id,
        status=visit.status,
        created_at=visit.created_at,
        expires_at=visit.expires_at,
    )


def token(visit: Session, signed: Token) -> schemas.SessionToken:
    """A fresh token of a visit."""
    return schemas.SessionToken(
        session_id=visit.session_id,
        token=signed.text,
        token_expires_at=signed.expires_at,
        expires_at=visit.expires_at,
    )


def checked_in(begun: CheckedIn) -> schemas.CheckedIn:
    """A visit that has begun, with all the app needs for it."""
    visit, store = begun.session, begun.store
    return schemas.CheckedIn(
        **token(visit, begun.token).model_dump(),
        status=visit.status,
        created_at=visit.created_at,
        store=schemas.StoreOfVisit(
            store_id=store.id, name=store.name, currency=store.currency, time_zone=store.time_zone
        ),
    )
