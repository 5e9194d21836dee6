"""Prices and stock counts from ERPs, applied in any order of arrival, never backwards, and told to everyone.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from typing import Literal

from retailscan_client.connection import Connection, Listing, new_key, part
from retailscan_client.models import (
    Batch,
    BatchAccepted,
    BatchSummary,
    DeadLetter,
    DeadLetterContent,
    Issue,
    PriceUpdateBatch,
    ReplayAccepted,
    ReplayMany,
    ReplayOne,
)


class PriceIngest:
    """Prices and stock counts from ERPs, applied in any order of arrival, never backwards, and told to everyone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_dead_letters(
        self,
        *,
        limit: int | None = None,
        status: Literal["parked", "replaying", "resolved"] | None = None,
        code: str | None = None,
    ) -> Listing[DeadLetter]:
        """List messages that could not be applied.

        Roles: operator.

        `limit`: default: 20.
        """
        answer: Listing[DeadLetter] = self._connection.listing(
            "/v1/dead-letters", scheme="identity", query={"limit": limit, "status": status, "code": code}
        )
        return answer

    def read_dead_letter(self, dead_letter_id: str) -> DeadLetterContent:
        """Look into a message that could not be applied.

        Roles: operator.
        """
        answer: DeadLetterContent = self._connection.data(
            "GET", f"/v1/dead-letters/{part(dead_letter_id)}", scheme="identity"
        )
        return answer

    def replay_dead_letter(
        self, dead_letter_id: str, body: ReplayOne, *, idempotency_key: str | None = None
    ) -> ReplayAccepted:
        """Try a message again.

        The body may have 1,048,576 bytes.

        Roles: operator.
        """
        answer: ReplayAccepted = self._connection.data(
            "POST",
            f"/v1/dead-letters/{part(dead_letter_id)}/replay",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def replay_dead_letters(self, body: ReplayMany, *, idempotency_key: str | None = None) -> ReplayAccepted:
        """Try up to 500 messages again, by id or by code.

        The body may have 1,048,576 bytes.

        Roles: operator.
        """
        answer: ReplayAccepted = self._connection.data(
            "POST", "/v1/dead-letters:replay", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def list_price_issues(
        self,
        *,
        limit: int | None = None,
        kind: Literal["rejected", "conflict"] | None = None,
        store_id: str | None = None,
    ) -> Listing[Issue]:
        """List rejected updates and conflicts, whichever way they came.

        Roles: erp, operator.

        `limit`: default: 20.
        """
        answer: Listing[Issue] = self._connection.listing(
            "/v1/price-issues", scheme="identity", query={"limit": limit, "kind": kind, "storeId": store_id}
        )
        return answer

    def list_price_batches(self, *, limit: int | None = None) -> Listing[BatchSummary]:
        """List the latest batches.

        Roles: erp, operator.

        `limit`: default: 20.
        """
        answer: Listing[BatchSummary] = self._connection.listing(
            "/v1/price-updates", scheme="identity", query={"limit": limit}
        )
        return answer

    def send_price_updates(self, body: PriceUpdateBatch, *, idempotency_key: str | None = None) -> BatchAccepted:
        """Send up to 5,000 price and stock updates.

        They are applied in the background; `statusUrl` says what became of them. Repeat with the same key.
        People set prices alone, as of now: a stock, a time, a sequence or a source is for systems to state.

        The body may have 4,194,304 bytes.

        Roles: brand_manager, erp, store_manager.
        """
        answer: BatchAccepted = self._connection.data(
            "POST", "/v1/price-updates", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def read_price_batch(self, batch_id: str) -> Batch:
        """What became of a batch.

        Roles: brand_manager, erp, operator, store_manager.
        """
        answer: Batch = self._connection.data("GET", f"/v1/price-updates/{part(batch_id)}", scheme="identity")
        return answer
