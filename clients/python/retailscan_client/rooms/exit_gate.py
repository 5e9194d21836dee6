"""The way out of a store, where an exit pass opens the gate once and staff may help.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from retailscan_client.connection import Connection, new_key, part
from retailscan_client.models import (
    Exit,
    KeyDocument,
    Override,
    PassShown,
)


class ExitGate:
    """The way out of a store, where an exit pass opens the gate once and staff may help."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read_exit_keys(self) -> KeyDocument:
        """The public keys of exit passes (RFC 7517), for gates without a network."""
        answer: KeyDocument = self._connection.raw("GET", "/v1/exit-keys.json", scheme=None)
        return answer

    def open_gate(self, store_id: str, body: PassShown, *, idempotency_key: str | None = None) -> Exit:
        """Let a shopper out with an exit pass, which is used from then on.

        The body may have 8,192 bytes.

        Roles: gate, store_manager, store_staff.
        """
        answer: Exit = self._connection.data(
            "POST", f"/v1/stores/{part(store_id)}/exits", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def let_out(self, store_id: str, body: Override, *, idempotency_key: str | None = None) -> Exit:
        """Let a shopper out who has paid but shows no pass; audited.

        The body may have 8,192 bytes.

        Roles: store_manager, store_staff.
        """
        answer: Exit = self._connection.data(
            "POST",
            f"/v1/stores/{part(store_id)}/exits:override",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer
