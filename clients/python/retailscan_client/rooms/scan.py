"""Says what a scanned code is, what it costs in this store and whether it may be sold.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from retailscan_client.connection import Connection, part
from retailscan_client.models import (
    ScanBatch,
    ScanBatchReply,
    ScanReply,
    ScanRequest,
)


class Scan:
    """Says what a scanned code is, what it costs in this store and whether it may be sold."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def scan_symbol(self, body: ScanRequest) -> ScanReply:
        """Scan one symbol.

        The body may have 16,384 bytes.

        Roles: shopper.
        """
        answer: ScanReply = self._connection.data("POST", "/v1/scan", scheme="session", body=body, repeatable=True)
        return answer

    def scan_batch(self, body: ScanBatch) -> ScanBatchReply:
        """Scan up to 50 symbols.

        The body may have 262,144 bytes.

        Roles: shopper.
        """
        answer: ScanBatchReply = self._connection.data(
            "POST", "/v1/scan/batch", scheme="session", body=body, repeatable=True
        )
        return answer

    def scan_code(self, code: str) -> ScanReply:
        """Scan one code.

        Roles: shopper.
        """
        answer: ScanReply = self._connection.data("GET", f"/v1/scan/{part(code)}", scheme="session")
        return answer
