/**
 * Files of products of any size, staged, checked and compared, approved, published, retried and rolled back.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
/** Files of products of any size, staged, checked and compared, approved, published, retried and rolled back. */
export class ImportPublish {
    #connection;
    constructor(connection) {
        this.#connection = connection;
    }
    /**
     * List connections.
     *
     * Roles: brand_manager, operator.
     */
    listConnections(options = {}) {
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
    removeConnection(connection, options = {}) {
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
    readConnection(connection, options = {}) {
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
    putConnection(connection, body, options = {}) {
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
    startConnectionOver(connection, options = {}) {
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
    putConnectionSecret(connection, body, options = {}) {
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
    testConnection(connection, body, options = {}) {
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
    listImportFailures(options = {}) {
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
    listFailedRows(importId, options = {}) {
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
    listImportProfiles(options = {}) {
        return this.#connection.data({ method: "GET", path: "/v1/import-profiles", scheme: "identity" }, options);
    }
    /**
     * Forget a profile.
     *
     * Roles: brand_manager.
     */
    removeImportProfile(profileName, options = {}) {
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
    readImportProfile(profileName, options = {}) {
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
    putImportProfile(profileName, body, options = {}) {
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
    previewImport(content, media, options = {}) {
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
    readImportRules(options = {}) {
        return this.#connection.data({ method: "GET", path: "/v1/import-rules", scheme: "identity" }, options);
    }
    /**
     * Set the rules of imports; those that are under way keep theirs.
     *
     * The body may have 131,072 bytes.
     *
     * Roles: brand_manager.
     */
    putImportRules(body, options = {}) {
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
    listSchedules(options = {}) {
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
    removeSchedule(schedule, options = {}) {
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
    readSchedule(schedule, options = {}) {
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
    putSchedule(schedule, body, options = {}) {
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
    runSchedule(schedule, options = {}) {
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
    listImports(options = {}) {
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
    uploadFile(content, media, options) {
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
    readImport(importId, options = {}) {
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
    approveImport(importId, body, options = {}) {
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
    cancelImport(importId, options = {}) {
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
    exportFailures(importId, options = {}) {
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
    rejectImport(importId, body, options = {}) {
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
    readRollback(importId, options = {}) {
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
    rollBackImport(importId, options = {}) {
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
    listKept(importId, options = {}) {
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
    listImportRows(importId, options = {}) {
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
    readImportRow(importId, line, options = {}) {
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
    correctImportRow(importId, line, body, options = {}) {
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
    unscheduleImport(importId, options = {}) {
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
    confirmUpload(importId, options = {}) {
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
    validateImport(importId, options = {}) {
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
    pullFile(body, options = {}) {
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
    requestUploadUrl(body, options = {}) {
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
    retryImport(importId, body, options = {}) {
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
    retryRow(importId, line, body, options = {}) {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/retries/${part(importId)}/items/${part(line)}`,
            scheme: "identity",
            body,
            keyed: true,
        }, options);
    }
}
