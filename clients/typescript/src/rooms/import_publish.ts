/**
 * Files of products of any size, staged, checked and compared, approved, published, retried and rolled back.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
import type { Connection, Content, Keyed, Listing, Options } from "../connection.js";
import type {
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
} from "../models.js";

/** For listConnections. */
export interface ListConnectionsOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** For listImportFailures. */
export interface ListImportFailuresOptions extends Options {
    /** default: 20 */
    limit?: number;
    /** of one import */
    batchId?: string;
    storeId?: string;
    status?: "pending" | "failed" | "retried" | "resolved";
    code?: string;
}

/** For listFailedRows. */
export interface ListFailedRowsOptions extends Options {
    /** default: 20 */
    limit?: number;
    status?: "pending" | "failed" | "retried" | "resolved";
    code?: string;
}

/** For previewImport. */
export interface PreviewImportOptions extends Options {
    /** default: retailscan */
    profile?: string;
    name?: string;
    storeId?: string;
}

/** For listSchedules. */
export interface ListSchedulesOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** For listImports. */
export interface ListImportsOptions extends Options {
    /** default: 20 */
    limit?: number;
    state?:
        | "waiting_for_upload"
        | "fetching"
        | "staging"
        | "staged"
        | "scheduled"
        | "publishing"
        | "published"
        | "partly_published"
        | "failed"
        | "rejected"
        | "cancelled"
        | "expired"
        | "duplicate"
        | "rolling_back"
        | "rolled_back";
    storeId?: string;
}

/** For uploadFile. */
export interface UploadFileOptions extends Keyed {
    storeId: string;
    /** default: retailscan */
    profile?: string;
    /** full withdraws what the file does not name; default: profile's */
    mode?: "partial" | "full";
    /** the file's name; its ending helps to tell what it is */
    name?: string;
    /** take the file although it was brought before; default: false */
    again?: boolean;
    /** the import whose failed rows this file puts right */
    corrects?: string;
}

/** For listKept. */
export interface ListKeptOptions extends Options {
    /** default: 20 */
    limit?: number;
}

/** For listImportRows. */
export interface ListImportRowsOptions extends Options {
    /** default: 20 */
    limit?: number;
    status?: "valid" | "error" | "warning" | "confirm" | "excluded";
    action?: "create" | "update" | "unchanged" | "return" | "withdraw";
    code?: string;
    /** the beginning of a barcode, or a part of a name */
    q?: string;
}

/** Files of products of any size, staged, checked and compared, approved, published, retried and rolled back. */
export class ImportPublish {
    readonly #connection: Connection;

    constructor(connection: Connection) {
        this.#connection = connection;
    }

    /**
     * List connections.
     *
     * Roles: brand_manager, operator.
     */
    listConnections(options: ListConnectionsOptions = {}): Listing<ConnectionView> {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/import-connections",
            scheme: "identity",
            query: ["limit"],
        }, options);
    }

    /**
     * Forget a connection and its secret.
     *
     * Roles: brand_manager.
     */
    removeConnection(connection: string, options: Options = {}): Promise<Removed> {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/import-connections/${part(connection)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Read a connection.
     *
     * Roles: brand_manager, operator.
     */
    readConnection(connection: string, options: Options = {}): Promise<ConnectionView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/import-connections/${part(connection)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Keep a connection.
     *
     * Its secret is forgotten when the settings lead elsewhere than before.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    putConnection(connection: string, body: ConnectionBody, options: Keyed = {}): Promise<ConnectionView> {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/import-connections/${part(connection)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /**
     * Forget what was fetched already: the next pull brings everything.
     *
     * Roles: brand_manager.
     */
    startConnectionOver(connection: string, options: Options = {}): Promise<Removed> {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/import-connections/${part(connection)}/checkpoint`,
            scheme: "identity",
        }, options);
    }

    /**
     * Set what signs in; nobody can read it again.
     *
     * The body may have 65,536 bytes.
     *
     * Roles: brand_manager.
     */
    putConnectionSecret(connection: string, body: ConnectionSecret, options: Options = {}): Promise<ConnectionView> {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/import-connections/${part(connection)}/secret`,
            scheme: "identity",
            body,
        }, options);
    }

    /**
     * Ask a connection for its beginning, without importing it.
     *
     * The body may have 1,048,576 bytes.
     *
     * Roles: brand_manager, operator.
     */
    testConnection(connection: string, body: ConnectionTrial, options: Options = {}): Promise<TrialResult> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/import-connections/${part(connection)}/test`,
            scheme: "identity",
            body,
        }, options);
    }

    /**
     * List what was not published.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    listImportFailures(options: ListImportFailuresOptions = {}): Listing<FailureView> {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/import-failures",
            scheme: "identity",
            query: ["limit", "batchId", "storeId", "status", "code"],
        }, options);
    }

    /**
     * List the rows of an import that were not published.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    listFailedRows(importId: string, options: ListFailedRowsOptions = {}): Listing<FailedRow> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/import-failures/${part(importId)}`,
            scheme: "identity",
            query: ["limit", "status", "code"],
        }, options);
    }

    /**
     * List profiles.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    listImportProfiles(options: Options = {}): Promise<ProfileList> {
        return this.#connection.data({ method: "GET", path: "/v1/import-profiles", scheme: "identity" }, options);
    }

    /**
     * Forget a profile.
     *
     * Roles: brand_manager.
     */
    removeImportProfile(profileName: string, options: Options = {}): Promise<Removed> {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/import-profiles/${part(profileName)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Read a profile.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    readImportProfile(profileName: string, options: Options = {}): Promise<ProfileView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/import-profiles/${part(profileName)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Keep a profile of your own.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    putImportProfile(profileName: string, body: ProfileBody, options: Keyed = {}): Promise<ProfileView> {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/import-profiles/${part(profileName)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /**
     * See what a profile makes of a sample, without importing it.
     *
     * The body may have 1,048,576 bytes.
     *
     * Roles: brand_manager, erp, store_manager.
     */
    previewImport(
        content: Content,
        media: "application/gzip" | "application/json" | "application/octet-stream" | "application/vnd.ms-excel" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" | "application/x-ndjson" | "application/zip" | "text/csv" | "text/plain" | "text/tab-separated-values",
        options: PreviewImportOptions = {},
    ): Promise<Preview> {
        return this.#connection.data({
            method: "POST",
            path: "/v1/import-profiles:preview",
            scheme: "identity",
            query: ["profile", "name", "storeId"],
            content,
            media,
            repeatable: true,
        }, options);
    }

    /**
     * Read the rules of imports.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    readImportRules(options: Options = {}): Promise<RulesView> {
        return this.#connection.data({ method: "GET", path: "/v1/import-rules", scheme: "identity" }, options);
    }

    /**
     * Set the rules of imports; those that are under way keep theirs.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    putImportRules(body: RulesBody, options: Keyed = {}): Promise<RulesView> {
        return this.#connection.data({
            method: "PUT",
            path: "/v1/import-rules",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /**
     * List schedules.
     *
     * Roles: brand_manager, operator.
     */
    listSchedules(options: ListSchedulesOptions = {}): Listing<ScheduleView> {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/import-schedules",
            scheme: "identity",
            query: ["limit"],
        }, options);
    }

    /**
     * Forget a schedule.
     *
     * Roles: brand_manager.
     */
    removeSchedule(schedule: string, options: Options = {}): Promise<Removed> {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/import-schedules/${part(schedule)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Read a schedule and its runs.
     *
     * Roles: brand_manager, operator.
     */
    readSchedule(schedule: string, options: Options = {}): Promise<ScheduleView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/import-schedules/${part(schedule)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Keep a schedule.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    putSchedule(schedule: string, body: ScheduleBody, options: Keyed = {}): Promise<ScheduleView> {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/import-schedules/${part(schedule)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /**
     * Begin a run now, whatever the time.
     *
     * Roles: brand_manager, operator.
     */
    runSchedule(schedule: string, options: Keyed = {}): Promise<RunView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/import-schedules/${part(schedule)}/run`,
            scheme: "identity",
            keyed: true,
        }, options);
    }

    /**
     * List imports.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    listImports(options: ListImportsOptions = {}): Listing<ImportView> {
        return this.#connection.listing({
            method: "GET",
            path: "/v1/imports",
            scheme: "identity",
            query: ["limit", "state", "storeId"],
        }, options);
    }

    /**
     * Import a file that is the body of the request.
     *
     * It is staged in the background; `statusUrl` says how that goes. Repeat with the same key.
     *
     * The body may have 33,554,432 bytes.
     *
     * Roles: brand_manager, erp, store_manager.
     */
    uploadFile(
        content: Content,
        media: "application/gzip" | "application/json" | "application/octet-stream" | "application/vnd.ms-excel" | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" | "application/x-ndjson" | "application/zip" | "text/csv" | "text/plain" | "text/tab-separated-values",
        options: UploadFileOptions,
    ): Promise<Accepted> {
        return this.#connection.data({
            method: "POST",
            path: "/v1/imports",
            scheme: "identity",
            query: ["storeId", "profile", "mode", "name", "again", "corrects"],
            content,
            media,
            keyed: true,
        }, options);
    }

    /**
     * Read how an import goes.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    readImport(importId: string, options: Options = {}): Promise<ImportView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/imports/${part(importId)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Publish an import, now or at a time.
     *
     * The body may have 1,048,576 bytes.
     *
     * Roles: brand_manager.
     */
    approveImport(importId: string, body: ImportPublishApproval, options: Options = {}): Promise<ImportView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/imports/${part(importId)}/approve`,
            scheme: "identity",
            body,
        }, options);
    }

    /**
     * Stop an import before it is published.
     *
     * Roles: brand_manager, erp, store_manager.
     */
    cancelImport(importId: string, options: Options = {}): Promise<ImportView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/imports/${part(importId)}/cancel`,
            scheme: "identity",
        }, options);
    }

    /**
     * Download the rows that are not published, to put right and bring again.
     *
     * The file's own columns, and retailscan_line, retailscan_codes and retailscan_messages. Bring it with `corrects`
     * naming this import: what it publishes counts as resolved here.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    exportFailures(importId: string, options: Options = {}): Promise<string> {
        return this.#connection.text({
            method: "GET",
            path: `/v1/imports/${part(importId)}/failures.csv`,
            scheme: "identity",
        }, options);
    }

    /**
     * Say no to an import.
     *
     * The body may have 1,048,576 bytes.
     *
     * Roles: brand_manager.
     */
    rejectImport(importId: string, body: ImportPublishRejection, options: Options = {}): Promise<ImportView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/imports/${part(importId)}/reject`,
            scheme: "identity",
            body,
        }, options);
    }

    /**
     * Read how a roll back goes.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    readRollback(importId: string, options: Options = {}): Promise<RollbackView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/imports/${part(importId)}/rollback`,
            scheme: "identity",
        }, options);
    }

    /**
     * Take back what an import changed.
     *
     * For 30 days. What others have changed since stays as it is, and is listed.
     *
     * Roles: brand_manager.
     */
    rollBackImport(importId: string, options: Options = {}): Promise<RollbackView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/imports/${part(importId)}/rollback`,
            scheme: "identity",
        }, options);
    }

    /**
     * List what a roll back left to others.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    listKept(importId: string, options: ListKeptOptions = {}): Listing<KeptView> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/imports/${part(importId)}/rollback/kept`,
            scheme: "identity",
            query: ["limit"],
        }, options);
    }

    /**
     * List the rows of an import, and what they would change.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    listImportRows(importId: string, options: ListImportRowsOptions = {}): Listing<RowView> {
        return this.#connection.listing({
            method: "GET",
            path: `/v1/imports/${part(importId)}/rows`,
            scheme: "identity",
            query: ["limit", "status", "action", "code", "q"],
        }, options);
    }

    /**
     * Read the row that begins at a line of the file.
     *
     * Roles: brand_manager, erp, operator, store_manager.
     */
    readImportRow(importId: string, line: string, options: Options = {}): Promise<RowView> {
        return this.#connection.data({
            method: "GET",
            path: `/v1/imports/${part(importId)}/rows/${part(line)}`,
            scheme: "identity",
        }, options);
    }

    /**
     * Put a row right, leave it out, or take it in again.
     *
     * The body may have 1,048,576 bytes.
     *
     * Roles: brand_manager.
     */
    correctImportRow(importId: string, line: string, body: Correction, options: Options = {}): Promise<RowView> {
        return this.#connection.data({
            method: "PATCH",
            path: `/v1/imports/${part(importId)}/rows/${part(line)}`,
            scheme: "identity",
            body,
        }, options);
    }

    /**
     * Take back a time; the import waits for a decision again.
     *
     * Roles: brand_manager.
     */
    unscheduleImport(importId: string, options: Options = {}): Promise<ImportView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/imports/${part(importId)}/unschedule`,
            scheme: "identity",
        }, options);
    }

    /**
     * Say that the file is at its upload URL.
     *
     * Roles: brand_manager, erp, store_manager.
     */
    confirmUpload(importId: string, options: Options = {}): Promise<Accepted> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/imports/${part(importId)}/uploaded`,
            scheme: "identity",
        }, options);
    }

    /**
     * Judge all rows again by what is live now.
     *
     * Roles: brand_manager.
     */
    validateImport(importId: string, options: Options = {}): Promise<ImportView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/imports/${part(importId)}/validate`,
            scheme: "identity",
        }, options);
    }

    /**
     * Have a file fetched from a connection or an address.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager, erp, store_manager.
     */
    pullFile(body: PullOrder, options: Keyed = {}): Promise<Accepted> {
        return this.#connection.data({
            method: "POST",
            path: "/v1/imports:pull",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /**
     * Ask for a URL to PUT a large file to.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager, erp, store_manager.
     */
    requestUploadUrl(body: UploadOrder, options: Keyed = {}): Promise<UploadAccepted> {
        return this.#connection.data({
            method: "POST",
            path: "/v1/imports:upload-url",
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /**
     * Try everything again that failed of an import.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager, operator.
     */
    retryImport(importId: string, body: Retry, options: Keyed = {}): Promise<RetryView> {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/retries/${part(importId)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }

    /**
     * Try one row again, perhaps put right.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager, operator.
     */
    retryRow(importId: string, line: string, body: RowRetry, options: Keyed = {}): Promise<FailedRow> {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/retries/${part(importId)}/items/${part(line)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
}
