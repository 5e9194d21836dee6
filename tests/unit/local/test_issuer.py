"""The local identity provider: keys that last, and tokens that the public key sets verify."""

import json
import stat
import threading
from pathlib import Path
from typing import Any

import jwt
import pytest

from local.issuer import AUDIENCE, IDENTITY_ISSUER, OIDC_ISSUER, SESSION_ISSUER, Issuer

NAMES = ("identity", "oidc", "session", "store-codes")


def verify(issuer: Issuer, name: str, token: str, algorithm: str, audience: str) -> dict[str, Any]:
    [key] = jwt.PyJWKSet.from_dict(issuer.jwks(name)).keys
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], audience=audience)
    return claims


def test_the_keys_survive_a_restart_and_are_for_the_owners_eyes_only(tmp_path: Path) -> None:
    first, second = Issuer(tmp_path), Issuer(tmp_path)

    assert [first.jwks(name) for name in NAMES] == [second.jwks(name) for name in NAMES]
    [file] = list(tmp_path.iterdir())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_issuers_that_start_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    issuers: list[Issuer] = []
    threads = [threading.Thread(target=lambda: issuers.append(Issuer(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({json.dumps([issuer.jwks(name) for name in NAMES]) for issuer in issuers}) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_folder_every_issuer_is_its_own() -> None:
    assert Issuer().jwks("oidc") != Issuer().jwks("oidc")


def test_no_public_key_set_holds_a_private_part() -> None:
    issuer = Issuer()

    for name in NAMES:
        [key] = issuer.jwks(name)["keys"]
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)


def test_an_identity_token_says_who_and_for_whom() -> None:
    issuer = Issuer()
    token = issuer.identity_token("erp-1", role="erp", tenant_id="acme", store_ids=["s-1", "s-2"], claims={"x": 1})

    claims = verify(issuer, "identity", token, "RS256", AUDIENCE)

    assert claims["iss"] == IDENTITY_ISSUER
    assert (claims["sub"], claims["role"], claims["tenantId"], claims["storeIds"], claims["x"]) == (
        "erp-1",
        "erp",
        "acme",
        ["s-1", "s-2"],
        1,
    )
    assert claims["exp"] - claims["iat"] == 3600


def test_a_session_token_is_signed_with_the_sessions_own_key_and_type() -> None:
    issuer = Issuer()
    token = issuer.session_token("shopper", tenant_id="acme", store_id="s-1")

    claims = verify(issuer, "session", token, "EdDSA", AUDIENCE)

    assert jwt.get_unverified_header(token)["typ"] == "session+jwt"
    assert claims["iss"] == SESSION_ISSUER
    assert (claims["storeId"], claims["role"]) == ("s-1", "shopper")


def test_a_push_token_is_reused_until_it_is_nearly_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer()
    token, refresh_at = issuer.oidc_token("http://door/push", "push@project")
    claims = verify(issuer, "oidc", token, "RS256", "http://door/push")
    assert (claims["iss"], claims["email"], claims["email_verified"]) == (OIDC_ISSUER, "push@project", True)

    assert issuer.oidc_token("http://door/push", "push@project") == (token, refresh_at)
    assert issuer.oidc_token("http://door/other", "push@project")[0] != token
    assert refresh_at < claims["exp"]
    monkeypatch.setattr("time.time", lambda: refresh_at + 1)
    renewed, _ = issuer.oidc_token("http://door/push", "push@project")
    assert renewed != token


def test_a_door_gets_its_private_key_as_a_jwk_and_no_rsa_key_is_handed_out() -> None:
    issuer = Issuer()
    key = jwt.PyJWK(json.loads(issuer.private_jwk("session")))
    token = jwt.encode({"aud": AUDIENCE}, key.key, "EdDSA", headers={"kid": key.key_id})

    assert verify(issuer, "session", token, "EdDSA", AUDIENCE) == {"aud": AUDIENCE}
    with pytest.raises(KeyError):
        issuer.private_jwk("oidc")
