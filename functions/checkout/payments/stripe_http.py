"""The library over httpx. It is loaded with the first payment: half a second that no cold start should cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import stripe

CALL_SECONDS = 6.0
"""One attempt; shorter than the whole, which is shorter than a handler's budget."""
CONNECT_SECONDS = 2.0
RETRIES = 2


class _Http(stripe.HTTPXClient):
    """Sends forms the way httpx wants them today; the library's own way is deprecated there."""

    def _get_request_args_kwargs(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> Any:
        args, named = super()._get_request_args_kwargs(method, url, headers, post_data)
        named["content"] = named.pop("data") or b""
        return args, named


def client(api_key: str, base: str) -> tuple[stripe.StripeClient, stripe.HTTPXClient]:
    """A client for the running event loop, and its connections; an empty `base` is Stripe itself."""
    connections = _Http(timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS))
    client = stripe.StripeClient(
        api_key,
        base_addresses={"api": base} if base else None,
        max_network_retries=RETRIES,
        http_client=connections,
    )
    return client, connections
