"""Keys made by hand are keys that the rooms can sign and verify with."""

from __future__ import annotations

import json

import jwt
import pytest

from functions.common.auth import KeySet
from infra.pipeline.new_key import main


def made(capsys: pytest.CaptureFixture[str], name: str = "store-codes-2027-01") -> tuple[str, str]:
    assert main([name]) == 0
    out, err = capsys.readouterr()
    return out, err


async def test_what_the_private_half_signs_the_public_half_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    private, public = made(capsys)
    token = jwt.encode({"sub": "ada"}, jwt.PyJWK(json.loads(private)), algorithm="EdDSA")
    key = await KeySet(public).get("store-codes-2027-01")
    assert key is not None
    assert jwt.decode(token, key, algorithms=["EdDSA"]) == {"sub": "ada"}


def test_the_public_half_tells_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    private, public = made(capsys)
    assert json.loads(private)["d"] not in public
    assert "d" not in json.loads(public)["keys"][0]


def test_every_key_is_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(made(capsys)[0])["d"] != json.loads(made(capsys)[0])["d"]


@pytest.mark.parametrize("names", [[], ["a", "b"], ["Has Blanks"]])
def test_a_key_needs_one_good_name(names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(names) == 2
    assert "usage" in capsys.readouterr().err
