"""An exit pass opens the gate of its store while it lasts, and nothing else looks like one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common import exit_pass
from functions.common.exit_pass import EXPIRED, INVALID, LEEWAY, LIFE, OTHER_STORE, ExitPass, PassRefused
from local.issuer import Issuer

STORE, OTHER = "acme-centre", "acme-north"
CHECKOUT, NUMBER = f"{STORE}.{'a' * 32}", "0123456789abcdef" * 2
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ISSUER = Issuer()
KEY = ISSUER.private_jwk("store-codes")
KEYS = exit_pass.public_keys(ISSUER.jwks("store-codes"))
KID = next(iter(KEYS))
PASS = exit_pass.issue(CHECKOUT, NUMBER, 7, NOW)


def check(text: str, *, store_id: str = STORE, now: datetime = NOW, keys: dict[str, Any] | None = None) -> ExitPass:
    return exit_pass.verify(text, KEYS if keys is None else keys, store_id=store_id, now=now)


def refusal(text: str, **how: Any) -> str:
    try:
        check(text, **how)
    except PassRefused as refused:
        return refused.code
    return "accepted"


def signed(change: dict[str, Any] | None = None, header: dict[str, Any] | None = None, key: str = KEY) -> str:
    """A pass whose claims or header were changed by somebody who has a key."""
    claims = jwt.decode(exit_pass.sign(PASS, KEY), options={"verify_signature": False}) | (change or {})
    private = jwt.PyJWK(json.loads(key), algorithm="EdDSA").key
    parts = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode(parts, private, algorithm="EdDSA", headers={"kid": KID, "typ": "exit+jwt"} | (header or {}))


def parts(text: str) -> Iterator[Any]:
    for part in text.split(".")[:2]:
        yield json.loads(base64.urlsafe_b64decode(part + "=="))


def glued(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    def code(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{code(header)}.{code(claims)}.{signature}"


def test_a_pass_says_what_was_put_into_it() -> None:
    assert check(exit_pass.sign(PASS, KEY)) == PASS
    assert (PASS.store_id, PASS.expires_at - PASS.issued_at) == (STORE, LIFE)


def test_the_same_pass_is_the_same_text() -> None:
    assert exit_pass.sign(PASS, KEY) == exit_pass.sign(PASS, KEY)


def test_a_pass_is_small_enough_for_a_code_that_phones_can_show() -> None:
    assert len(exit_pass.sign(PASS, KEY)) < 450


def test_a_pass_of_another_store_is_told_apart_even_when_it_has_run_out() -> None:
    text = exit_pass.sign(PASS, KEY)
    assert refusal(text, store_id=OTHER) == OTHER_STORE
    assert refusal(text, store_id=OTHER, now=NOW + timedelta(days=1)) == OTHER_STORE


def test_a_pass_ends_with_its_time_and_the_leeway_of_clocks() -> None:
    text = exit_pass.sign(PASS, KEY)
    end = NOW + LIFE + LEEWAY
    assert check(text, now=end - timedelta(seconds=1)) == PASS
    assert refusal(text, now=end) == EXPIRED


def test_a_pass_from_the_future_is_refused_beyond_the_leeway() -> None:
    text = exit_pass.sign(PASS, KEY)
    assert check(text, now=NOW - LEEWAY) == PASS
    assert refusal(text, now=NOW - LEEWAY - timedelta(seconds=1)) == INVALID


def test_a_key_that_nobody_knows_any_more_signs_nothing() -> None:
    assert refusal(exit_pass.sign(PASS, KEY), keys={}) == INVALID
    assert refusal(signed(header={"kid": "another"})) == INVALID


def test_another_key_under_the_known_name_is_a_forgery() -> None:
    assert refusal(signed(key=Issuer().private_jwk("store-codes"))) == INVALID


def test_while_keys_change_both_are_good() -> None:
    new = Issuer()
    both = KEYS | exit_pass.public_keys(new.jwks("store-codes"))
    assert check(exit_pass.sign(PASS, KEY), keys=both) == PASS
    assert check(exit_pass.sign(PASS, new.private_jwk("store-codes")), keys=both) == PASS


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "HS256", "RS256", "ES256", "", None, 5])
def test_no_other_algorithm_is_taken(algorithm: Any) -> None:
    header, claims = parts(exit_pass.sign(PASS, KEY))
    signature = exit_pass.sign(PASS, KEY).rpartition(".")[2]
    for tail in ("", signature):
        assert refusal(glued(header | {"alg": algorithm}, claims, tail)) == INVALID


def test_the_public_key_is_no_shared_secret() -> None:
    _, claims = parts(exit_pass.sign(PASS, KEY))
    public = ISSUER.jwks("store-codes")["keys"][0]["x"]
    forged = jwt.encode(claims, public.ljust(64, "="), algorithm="HS256", headers={"kid": KID, "typ": "exit+jwt"})
    assert refusal(forged) == INVALID


@pytest.mark.parametrize("typ", ["JWT", "session+jwt", "store+jwt", "EXIT+JWT", "", None])
def test_a_token_of_another_kind_by_the_same_key_is_no_pass(typ: Any) -> None:
    assert refusal(signed(header={"typ": typ})) == INVALID


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "somebody"},
        {"iss": ...},
        {"aud": ...},
        {"aud": OTHER},
        {"aud": [STORE]},
        {"sub": CHECKOUT.upper()},
        {"sub": "x"},
        {"sub": 5},
        {"jti": 5},
        {"sub": ...},
        {"jti": "short"},
        {"jti": ...},
        {"exp": ...},
        {"exp": True},
        {"exp": 1e300},
        {"exp": "soon"},
        {"iat": -1},
        {"items": -1},
        {"items": True},
        {"items": 1.5},
        {"items": ...},
    ],
)
def test_claims_that_no_pass_has_are_refused_even_when_signed(change: dict[str, Any]) -> None:
    assert refusal(signed(change)) == INVALID


@pytest.mark.parametrize("header", [{"jwk": ISSUER.jwks("store-codes")["keys"][0]}, {"jku": "https://x.test/keys"}])
def test_keys_that_a_pass_brings_along_are_not_looked_at(header: dict[str, Any]) -> None:
    stranger = Issuer()
    assert refusal(signed(header=header, key=stranger.private_jwk("session"))) == INVALID


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "ä.b.c", "x" * 5000, "a.b.c.d", "\x00", "{}"])
def test_what_is_no_token_is_no_pass(text: str) -> None:
    assert refusal(text) == INVALID


@given(st.integers(0, 449), st.characters(codec="ascii"))
def test_one_changed_letter_makes_a_pass_worthless(position: int, letter: str) -> None:
    text = exit_pass.sign(PASS, KEY)
    position %= len(text)
    changed = text[:position] + letter + text[position + 1 :]
    if changed == text or same_bytes(changed, text):
        return
    assert refusal(changed) == INVALID


def same_bytes(one: str, other: str) -> bool:
    """The last letter of base64 has bits that mean nothing."""
    try:
        return [base64.urlsafe_b64decode(p + "==") for p in one.split(".")] == [
            base64.urlsafe_b64decode(p + "==") for p in other.split(".")
        ]
    except ValueError:
        return False


@given(st.text(max_size=600))
def test_any_text_is_refused_in_one_way(text: str) -> None:
    assert refusal(text) == INVALID


def test_keys_of_other_kinds_are_left_out_of_what_gates_keep() -> None:
    document = {"keys": [*ISSUER.jwks("identity")["keys"], *ISSUER.jwks("store-codes")["keys"], {"kty": "oct"}]}
    assert list(exit_pass.public_keys(document)) == [KID]


@pytest.mark.parametrize("wrong", ["", "a", f"{STORE}.xyz", f"Acme.{'a' * 32}", f"{STORE}.{'a' * 33}"])
def test_nothing_but_a_checkout_gets_a_pass(wrong: str) -> None:
    assert exit_pass.store_of(wrong) is None
    with pytest.raises(ValueError, match="checkout"):
        exit_pass.issue(wrong, NUMBER, 1, NOW)
