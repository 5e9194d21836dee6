"""How long a visit lasts, what its token says, and which codes open it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.sessions.domain import visits as domain
from functions.sessions.domain.visits import Session, StoreCode

NOW = datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC)
CODE = StoreCode("acme", "acme-berlin", 1)
CLAIMS = {"tenantId": "acme", "storeId": "acme-berlin", "sub": "acme-berlin", "codeVersion": 1}


def visit(now: datetime = NOW) -> Session:
    return domain.open_session(CODE, session_id=f"acme-berlin.{'a' * 32}", user_id="ann", now=now)


def test_a_visit_begins_with_half_an_hour_and_whole_milliseconds() -> None:
    session = visit()
    assert session.created_at == NOW.replace(microsecond=123000)
    assert session.expires_at - session.created_at == timedelta(minutes=30)
    assert (session.tenant_id, session.store_id, session.user_id) == ("acme", "acme-berlin", "ann")


def test_a_visit_is_over_at_its_end_not_a_moment_later() -> None:
    session = visit()
    assert not domain.is_over(session, session.expires_at - timedelta(microseconds=1))
    assert domain.is_over(session, session.expires_at)


@given(st.lists(st.integers(0, 40), max_size=60))
def test_a_visit_slides_but_never_past_four_hours_and_never_backwards(waits: list[int]) -> None:
    session, now = visit(), NOW
    for minutes in waits:
        now += timedelta(minutes=minutes)
        later = domain.slide(session, now)
        assert session.expires_at <= later.expires_at <= session.created_at + timedelta(hours=4)
        session = later


def test_a_visit_goes_on_for_half_an_hour_from_now() -> None:
    now = NOW + timedelta(minutes=20)
    assert domain.slide(visit(), now).expires_at == now + timedelta(minutes=30)


def test_a_token_never_outlives_its_visit() -> None:
    session = visit()
    assert domain.token_expiry(session, NOW) == NOW + timedelta(minutes=15)
    late = session.expires_at - timedelta(minutes=1)
    assert domain.token_expiry(session, late) == session.expires_at


def test_what_a_token_says() -> None:
    claims = domain.token_claims(visit(), issuer="us", audience="retailscan", now=NOW)
    assert claims == {
        "iss": "us",
        "aud": "retailscan",
        "sub": "ann",
        "role": "shopper",
        "tenantId": "acme",
        "storeId": "acme-berlin",
        "sid": f"acme-berlin.{'a' * 32}",
        "iat": int(NOW.timestamp()),
        "nbf": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 900,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "acme-berlin",
        "acme-berlin.",
        f".{'a' * 32}",
        f"acme-berlin.{'g' * 32}",
        f"acme-berlin.{'a' * 31}",
        f"ACME.{'a' * 32}",
        f"acme.berlin.{'a' * 32}",
        f"acme-berlin.{'a' * 32}\n",
        "current",
        f"-a.{'a' * 32}",
    ],
)
def test_what_cannot_be_a_session_id_belongs_to_no_store(text: str) -> None:
    assert domain.store_of(text) is None


def test_a_session_id_names_its_store() -> None:
    assert domain.store_of(domain.session_id("acme-berlin", "0123456789abcdef" * 2)) == "acme-berlin"


def test_a_store_code_is_read() -> None:
    assert domain.read_store_code(CLAIMS) == CODE


@pytest.mark.parametrize(
    "change",
    [
        {"tenantId": None},
        {"tenantId": ""},
        {"tenantId": ["acme"]},
        {"storeId": ""},
        {"storeId": 7},
        {"sub": "acme-paris"},
        {"codeVersion": "1"},
        {"codeVersion": True},
        {"codeVersion": None},
    ],
)
def test_claims_of_another_shape_are_no_store_code(change: dict[str, Any]) -> None:
    assert domain.read_store_code({**CLAIMS, **change}) is None
