"""Files of products of any size, staged, checked and compared, approved, published, retried and rolled back.

Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
"""

from __future__ import annotations

from typing import Literal

from retailscan_client.connection import Connection, Content, Listing, new_key, part
from retailscan_client.models import (
    Accepted,
    ConnectionBody,
    ConnectionSecret,
    ConnectionTrial,
    ConnectionView,
    Correction,
    FailedRow,
    FailureView,
    ImportPublishApproval,
    ImportPublishRejection,
    ImportView,
    KeptView,
    Preview,
    ProfileBody,
    ProfileList,
    ProfileView,
    PullOrder,
    Removed,
    Retry,
    RetryView,
    RollbackView,
    RowRetry,
    RowView,
    RulesBody,
    RulesView,
    RunView,
    ScheduleBody,
    ScheduleView,
    TrialResult,
    UploadAccepted,
    UploadOrder,
)


class ImportPublish:
    """Files of products of any size, staged, checked and compared, approved, published, retried and rolled back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_connections(self, *, limit: int | None = None) -> Listing[ConnectionView]:
        """List connections.

        Roles: brand_manager, operator.

        `limit`: default: 20.
        """
        answer: Listing[ConnectionView] = self._connection.listing(
            "/v1/import-connections", scheme="identity", query={"limit": limit}
        )
        return answer

    def remove_connection(self, connection: str) -> Removed:
        """Forget a connection and its secret.

        Roles: brand_manager.
        """
        answer: Removed = self._connection.data(
            "DELETE", f"/v1/import-connections/{part(connection)}", scheme="identity"
        )
        return answer

    def read_connection(self, connection: str) -> ConnectionView:
        """Read a connection.

        Roles: brand_manager, operator.
        """
        answer: ConnectionView = self._connection.data(
            "GET", f"/v1/import-connections/{part(connection)}", scheme="identity"
        )
        return answer

    def put_connection(
        self, connection: str, body: ConnectionBody, *, idempotency_key: str | None = None
    ) -> ConnectionView:
        """Keep a connection.

        Its secret is forgotten when the settings lead elsewhere than before.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: ConnectionView = self._connection.data(
            "PUT",
            f"/v1/import-connections/{part(connection)}",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def start_connection_over(self, connection: str) -> Removed:
        """Forget what was fetched already: the next pull brings everything.

        Roles: brand_manager.
        """
        answer: Removed = self._connection.data(
            "DELETE", f"/v1/import-connections/{part(connection)}/checkpoint", scheme="identity"
        )
        return answer

    def put_connection_secret(self, connection: str, body: ConnectionSecret) -> ConnectionView:
        """Set what signs in; nobody can read it again.

        The body may have 65,536 bytes.

        Roles: brand_manager.
        """
        answer: ConnectionView = self._connection.data(
            "PUT", f"/v1/import-connections/{part(connection)}/secret", scheme="identity", body=body
        )
        return answer

    def test_connection(self, connection: str, body: ConnectionTrial) -> TrialResult:
        """Ask a connection for its beginning, without importing it.

        The body may have 1,048,576 bytes.

        Roles: brand_manager, operator.
        """
        answer: TrialResult = self._connection.data(
            "POST", f"/v1/import-connections/{part(connection)}/test", scheme="identity", body=body
        )
        return answer

    def list_import_failures(
        self,
        *,
        limit: int | None = None,
        batch_id: str | None = None,
        store_id: str | None = None,
        status: Literal["pending", "failed", "retried", "resolved"] | None = None,
        code: str | None = None,
    ) -> Listing[FailureView]:
        """List what was not published.

        Roles: brand_manager, erp, operator, store_manager.

        `limit`: default: 20.
        `batch_id`: of one import.
        """
        answer: Listing[FailureView] = self._connection.listing(
            "/v1/import-failures",
            scheme="identity",
            query={"limit": limit, "batchId": batch_id, "storeId": store_id, "status": status, "code": code},
        )
        return answer

    def list_failed_rows(
        self,
        import_id: str,
        *,
        limit: int | None = None,
        status: Literal["pending", "failed", "retried", "resolved"] | None = None,
        code: str | None = None,
    ) -> Listing[FailedRow]:
        """List the rows of an import that were not published.

        Roles: brand_manager, erp, operator, store_manager.

        `limit`: default: 20.
        """
        answer: Listing[FailedRow] = self._connection.listing(
            f"/v1/import-failures/{part(import_id)}",
            scheme="identity",
            query={"limit": limit, "status": status, "code": code},
        )
        return answer

    def list_import_profiles(self) -> ProfileList:
        """List profiles.

        Roles: brand_manager, erp, operator, store_manager.
        """
        answer: ProfileList = self._connection.data("GET", "/v1/import-profiles", scheme="identity")
        return answer

    def remove_import_profile(self, profile_name: str) -> Removed:
        """Forget a profile.

        Roles: brand_manager.
        """
        answer: Removed = self._connection.data(
            "DELETE", f"/v1/import-profiles/{part(profile_name)}", scheme="identity"
        )
        return answer

    def read_import_profile(self, profile_name: str) -> ProfileView:
        """Read a profile.

        Roles: brand_manager, erp, operator, store_manager.
        """
        answer: ProfileView = self._connection.data(
            "GET", f"/v1/import-profiles/{part(profile_name)}", scheme="identity"
        )
        return answer

    def put_import_profile(
        self, profile_name: str, body: ProfileBody, *, idempotency_key: str | None = None
    ) -> ProfileView:
        """Keep a profile of your own.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: ProfileView = self._connection.data(
            "PUT",
            f"/v1/import-profiles/{part(profile_name)}",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def preview_import(
        self,
        content: Content,
        media: Literal[
            "application/gzip",
            "application/json",
            "application/octet-stream",
            "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/x-ndjson",
            "application/zip",
            "text/csv",
            "text/plain",
            "text/tab-separated-values",
        ],
        *,
        profile: str | None = None,
        name: str | None = None,
        store_id: str | None = None,
    ) -> Preview:
        """See what a profile makes of a sample, without importing it.

        The body may have 1,048,576 bytes.

        Roles: brand_manager, erp, store_manager.

        `profile`: default: retailscan.
        """
        answer: Preview = self._connection.data(
            "POST",
            "/v1/import-profiles:preview",
            scheme="identity",
            query={"profile": profile, "name": name, "storeId": store_id},
            content=content,
            media=media,
            repeatable=True,
        )
        return answer

    def read_import_rules(self) -> RulesView:
        """Read the rules of imports.

        Roles: brand_manager, erp, operator, store_manager.
        """
        answer: RulesView = self._connection.data("GET", "/v1/import-rules", scheme="identity")
        return answer

    def put_import_rules(self, body: RulesBody, *, idempotency_key: str | None = None) -> RulesView:
        """Set the rules of imports; those that are under way keep theirs.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: RulesView = self._connection.data(
            "PUT", "/v1/import-rules", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def list_schedules(self, *, limit: int | None = None) -> Listing[ScheduleView]:
        """List schedules.

        Roles: brand_manager, operator.

        `limit`: default: 20.
        """
        answer: Listing[ScheduleView] = self._connection.listing(
            "/v1/import-schedules", scheme="identity", query={"limit": limit}
        )
        return answer

    def remove_schedule(self, schedule: str) -> Removed:
        """Forget a schedule.

        Roles: brand_manager.
        """
        answer: Removed = self._connection.data("DELETE", f"/v1/import-schedules/{part(schedule)}", scheme="identity")
        return answer

    def read_schedule(self, schedule: str) -> ScheduleView:
        """Read a schedule and its runs.

        Roles: brand_manager, operator.
        """
        answer: ScheduleView = self._connection.data("GET", f"/v1/import-schedules/{part(schedule)}", scheme="identity")
        return answer

    def put_schedule(self, schedule: str, body: ScheduleBody, *, idempotency_key: str | None = None) -> ScheduleView:
        """Keep a schedule.

        The body may have 131,072 bytes.

        Roles: brand_manager.
        """
        answer: ScheduleView = self._connection.data(
            "PUT",
            f"/v1/import-schedules/{part(schedule)}",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer

    def run_schedule(self, schedule: str, *, idempotency_key: str | None = None) -> RunView:
        """Begin a run now, whatever the time.

        Roles: brand_manager, operator.
        """
        answer: RunView = self._connection.data(
            "POST", f"/v1/import-schedules/{part(schedule)}/run", scheme="identity", key=idempotency_key or new_key()
        )
        return answer

    def list_imports(
        self,
        *,
        limit: int | None = None,
        state: Literal[
            "waiting_for_upload",
            "fetching",
            "staging",
            "staged",
            "scheduled",
            "publishing",
            "published",
            "partly_published",
            "failed",
            "rejected",
            "cancelled",
            "expired",
            "duplicate",
            "rolling_back",
            "rolled_back",
        ]
        | None = None,
        store_id: str | None = None,
    ) -> Listing[ImportView]:
        """List imports.

        Roles: brand_manager, erp, operator, store_manager.

        `limit`: default: 20.
        """
        answer: Listing[ImportView] = self._connection.listing(
            "/v1/imports", scheme="identity", query={"limit": limit, "state": state, "storeId": store_id}
        )
        return answer

    def upload_file(
        self,
        content: Content,
        media: Literal[
            "application/gzip",
            "application/json",
            "application/octet-stream",
            "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/x-ndjson",
            "application/zip",
            "text/csv",
            "text/plain",
            "text/tab-separated-values",
        ],
        *,
        store_id: str,
        profile: str | None = None,
        mode: Literal["partial", "full"] | None = None,
        name: str | None = None,
        again: bool | None = None,
        corrects: str | None = None,
        idempotency_key: str | None = None,
    ) -> Accepted:
        """Import a file that is the body of the request.

        It is staged in the background; `statusUrl` says how that goes. Repeat with the same key.

        The body may have 33,554,432 bytes.

        Roles: brand_manager, erp, store_manager.

        `profile`: default: retailscan.
        `mode`: full withdraws what the file does not name; default: profile's.
        `name`: the file's name; its ending helps to tell what it is.
        `again`: take the file although it was brought before; default: false.
        `corrects`: the import whose failed rows this file puts right.
        """
        answer: Accepted = self._connection.data(
            "POST",
            "/v1/imports",
            scheme="identity",
            query={
                "storeId": store_id,
                "profile": profile,
                "mode": mode,
                "name": name,
                "again": again,
                "corrects": corrects,
            },
            content=content,
            media=media,
            key=idempotency_key or new_key(),
        )
        return answer

    def read_import(self, import_id: str) -> ImportView:
        """Read how an import goes.

        Roles: brand_manager, erp, operator, store_manager.
        """
        answer: ImportView = self._connection.data("GET", f"/v1/imports/{part(import_id)}", scheme="identity")
        return answer

    def approve_import(self, import_id: str, body: ImportPublishApproval) -> ImportView:
        """Publish an import, now or at a time.

        The body may have 1,048,576 bytes.

        Roles: brand_manager.
        """
        answer: ImportView = self._connection.data(
            "POST", f"/v1/imports/{part(import_id)}/approve", scheme="identity", body=body
        )
        return answer

    def cancel_import(self, import_id: str) -> ImportView:
        """Stop an import before it is published.

        Roles: brand_manager, erp, store_manager.
        """
        answer: ImportView = self._connection.data("POST", f"/v1/imports/{part(import_id)}/cancel", scheme="identity")
        return answer

    def export_failures(self, import_id: str) -> str:
        """Download the rows that are not published, to put right and bring again.

        The file's own columns, and retailscan_line, retailscan_codes and retailscan_messages. Bring it with
        `corrects` naming this import: what it publishes counts as resolved here.

        Roles: brand_manager, erp, operator, store_manager.
        """
        return self._connection.text("GET", f"/v1/imports/{part(import_id)}/failures.csv", scheme="identity")

    def reject_import(self, import_id: str, body: ImportPublishRejection) -> ImportView:
        """Say no to an import.

        The body may have 1,048,576 bytes.

        Roles: brand_manager.
        """
        answer: ImportView = self._connection.data(
            "POST", f"/v1/imports/{part(import_id)}/reject", scheme="identity", body=body
        )
        return answer

    def read_rollback(self, import_id: str) -> RollbackView:
        """Read how a roll back goes.

        Roles: brand_manager, erp, operator, store_manager.
        """
        answer: RollbackView = self._connection.data(
            "GET", f"/v1/imports/{part(import_id)}/rollback", scheme="identity"
        )
        return answer

    def roll_back_import(self, import_id: str) -> RollbackView:
        """Take back what an import changed.

        For 30 days. What others have changed since stays as it is, and is listed.

        Roles: brand_manager.
        """
        answer: RollbackView = self._connection.data(
            "POST", f"/v1/imports/{part(import_id)}/rollback", scheme="identity"
        )
        return answer

    def list_kept(self, import_id: str, *, limit: int | None = None) -> Listing[KeptView]:
        """List what a roll back left to others.

        Roles: brand_manager, erp, operator, store_manager.

        `limit`: default: 20.
        """
        answer: Listing[KeptView] = self._connection.listing(
            f"/v1/imports/{part(import_id)}/rollback/kept", scheme="identity", query={"limit": limit}
        )
        return answer

    def list_import_rows(
        self,
        import_id: str,
        *,
        limit: int | None = None,
        status: Literal["valid", "error", "warning", "confirm", "excluded"] | None = None,
        action: Literal["create", "update", "unchanged", "return", "withdraw"] | None = None,
        code: str | None = None,
        q: str | None = None,
    ) -> Listing[RowView]:
        """List the rows of an import, and what they would change.

        Roles: brand_manager, erp, operator, store_manager.

        `limit`: default: 20.
        `q`: the beginning of a barcode, or a part of a name.
        """
        answer: Listing[RowView] = self._connection.listing(
            f"/v1/imports/{part(import_id)}/rows",
            scheme="identity",
            query={"limit": limit, "status": status, "action": action, "code": code, "q": q},
        )
        return answer

    def read_import_row(self, import_id: str, line: str) -> RowView:
        """Read the row that begins at a line of the file.

        Roles: brand_manager, erp, operator, store_manager.
        """
        answer: RowView = self._connection.data(
            "GET", f"/v1/imports/{part(import_id)}/rows/{part(line)}", scheme="identity"
        )
        return answer

    def correct_import_row(self, import_id: str, line: str, body: Correction) -> RowView:
        """Put a row right, leave it out, or take it in again.

        The body may have 1,048,576 bytes.

        Roles: brand_manager.
        """
        answer: RowView = self._connection.data(
            "PATCH", f"/v1/imports/{part(import_id)}/rows/{part(line)}", scheme="identity", body=body
        )
        return answer

    def unschedule_import(self, import_id: str) -> ImportView:
        """Take back a time; the import waits for a decision again.

        Roles: brand_manager.
        """
        answer: ImportView = self._connection.data(
            "POST", f"/v1/imports/{part(import_id)}/unschedule", scheme="identity"
        )
        return answer

    def confirm_upload(self, import_id: str) -> Accepted:
        """Say that the file is at its upload URL.

        Roles: brand_manager, erp, store_manager.
        """
        answer: Accepted = self._connection.data("POST", f"/v1/imports/{part(import_id)}/uploaded", scheme="identity")
        return answer

    def validate_import(self, import_id: str) -> ImportView:
        """Judge all rows again by what is live now.

        Roles: brand_manager.
        """
        answer: ImportView = self._connection.data("POST", f"/v1/imports/{part(import_id)}/validate", scheme="identity")
        return answer

    def pull_file(self, body: PullOrder, *, idempotency_key: str | None = None) -> Accepted:
        """Have a file fetched from a connection or an address.

        The body may have 131,072 bytes.

        Roles: brand_manager, erp, store_manager.
        """
        answer: Accepted = self._connection.data(
            "POST", "/v1/imports:pull", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def request_upload_url(self, body: UploadOrder, *, idempotency_key: str | None = None) -> UploadAccepted:
        """Ask for a URL to PUT a large file to.

        The body may have 131,072 bytes.

        Roles: brand_manager, erp, store_manager.
        """
        answer: UploadAccepted = self._connection.data(
            "POST", "/v1/imports:upload-url", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def retry_import(self, import_id: str, body: Retry, *, idempotency_key: str | None = None) -> RetryView:
        """Try everything again that failed of an import.

        The body may have 131,072 bytes.

        Roles: brand_manager, operator.
        """
        answer: RetryView = self._connection.data(
            "PUT", f"/v1/retries/{part(import_id)}", scheme="identity", body=body, key=idempotency_key or new_key()
        )
        return answer

    def retry_row(self, import_id: str, line: str, body: RowRetry, *, idempotency_key: str | None = None) -> FailedRow:
        """Try one row again, perhaps put right.

        The body may have 131,072 bytes.

        Roles: brand_manager, operator.
        """
        answer: FailedRow = self._connection.data(
            "PUT",
            f"/v1/retries/{part(import_id)}/items/{part(line)}",
            scheme="identity",
            body=body,
            key=idempotency_key or new_key(),
        )
        return answer
