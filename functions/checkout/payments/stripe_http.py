"""The library over aiohttp. It is loaded with the first payment: half a second that no cold start should cost.

Of the library's asynchronous transports it is the one that costs a checkout least: half the processor time of httpx.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp
import stripe

CALL_SECONDS = 6.0
"""One attempt; shorter than the whole, which is shorter than a handler's budget."""
CONNECT_SECONDS = 2.0
RETRIES = 2


class _Http(stripe.AIOHTTPClient):
    """Repeats also what broke in the middle of an answer: the library takes only its beginning for a network error."""

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            return await super().request_async(method, url, headers, post_data)
        except (aiohttp.ClientError, TimeoutError) as error:
            self._handle_request_error(error)


def client(api_key: str, base: str) -> tuple[stripe.StripeClient, stripe.HTTPClient]:
    """A client for the running event loop, and its connections; an empty `base` is Stripe itself."""
    connections = _Http(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS, sock_connect=CONNECT_SECONDS))
    client = stripe.StripeClient(
        api_key,
        base_addresses={"api": base} if base else None,
        max_network_retries=RETRIES,
        http_client=connections,
    )
    return client, connections
