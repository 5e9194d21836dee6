"""Whom our own clients believe over TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.common.once import Once

if TYPE_CHECKING:
    import ssl


def _read() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context(trust_env=False)


trusted: Once[ssl.SSLContext] = Once(_read)
"""For `verify` of an httpx client. To read the authorities costs tens of milliseconds, so all clients share them."""
