"""Cookies that only this room can read or make: AES-GCM, the cookie's name bound in."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any

_NONCE = 12
_SHORTEST_KEY = 32
_LONGEST = 4096
"""Bytes: a browser keeps no larger cookie."""


class Sealer:
    """Seals with the first of `keys` (text of 32 characters or more), opens with any: so a key can be changed."""

    def __init__(self, keys: str) -> None:
        texts = [each.strip() for each in keys.split(",") if each.strip()]
        if not texts or any(len(each) < _SHORTEST_KEY for each in texts):
            raise ValueError("a key that seals cookies has 32 characters or more")
        self._keys = [hmac.digest(each.encode(), b"dashboard-cookie", "sha256") for each in texts]

    def seal(self, name: str, content: Mapping[str, Any]) -> str:
        """`content` (JSON) as the value of the cookie `name`. Raises ValueError when no browser would keep it."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        plain = json.dumps(content, separators=(",", ":")).encode()
        sealed = nonce + AESGCM(self._keys[0]).encrypt(nonce, plain, name.encode())
        text = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        if len(text) > _LONGEST - 200:
            raise ValueError("the cookie would be too large")
        return text

    def open(self, name: str, text: str) -> dict[str, Any] | None:
        """What was sealed for this name, or None for anything else."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if len(text) > _LONGEST:
            return None
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            return None
        for key in self._keys:
            try:
                plain = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
            except (InvalidTag, ValueError):
                continue
            found: dict[str, Any] = json.loads(plain)
            return found
        return None
