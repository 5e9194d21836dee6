/**
 * Tells shoppers on their devices, and in open apps, what became of their visit, cart, card and payment.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
import { part } from "../connection.js";
import type { Connection, Event, Options } from "../connection.js";
import type {
    DeviceBody,
    DeviceRemoved,
    DeviceView,
    Foreground,
    ForegroundView,
    NoticeList,
    NoticeView,
} from "../models.js";

/** For listNotices. */
export interface ListNoticesOptions extends Options {
    /** the id of the last notice you have; default: 0 */
    after?: number;
}

/** For streamNotices. */
export interface StreamNoticesOptions extends Options {
    /** the id of the last notice you have; default: 0 */
    after?: number;
}

/** Tells shoppers on their devices, and in open apps, what became of their visit, cart, card and payment. */
export class Notify {
    readonly #connection: Connection;

    constructor(connection: Connection) {
        this.#connection = connection;
    }

    /**
     * Leave a device alone.
     *
     * Roles: shopper.
     */
    removeDevice(installationId: string, options: Options = {}): Promise<DeviceRemoved> {
        return this.#connection.data({
            method: "DELETE",
            path: `/v1/devices/${part(installationId)}`,
            scheme: "session",
        }, options);
    }

    /**
     * Have a device told of this visit; it is in one visit at a time.
     *
     * The body may have 8,192 bytes.
     *
     * Roles: shopper.
     */
    putDevice(installationId: string, body: DeviceBody, options: Options = {}): Promise<DeviceView> {
        return this.#connection.data({
            method: "PUT",
            path: `/v1/devices/${part(installationId)}`,
            scheme: "session",
            body,
        }, options);
    }

    /**
     * Say whether the app is in front: while it is, nothing is pushed to the device.
     *
     * Believed for two minutes, as an app may be killed without a word; repeat it every minute.
     *
     * The body may have 1,024 bytes.
     *
     * Roles: shopper.
     */
    putInFront(installationId: string, body: Foreground, options: Options = {}): Promise<ForegroundView> {
        return this.#connection.data({
            method: "POST",
            path: `/v1/devices/${part(installationId)}/foreground`,
            scheme: "session",
            body,
        }, options);
    }

    /**
     * What the shopper was told in this visit, oldest first; the last 50 are kept.
     *
     * Roles: shopper.
     */
    listNotices(options: ListNoticesOptions = {}): Promise<NoticeList> {
        return this.#connection.data({
            method: "GET",
            path: "/v1/notices",
            scheme: "session",
            query: ["after"],
        }, options);
    }

    /**
     * The same as server-sent events, as they happen.
     *
     * Goes on behind `Last-Event-ID` (or `after`). Ends after some minutes, and when the token does: open the next one.
     * Needs the Authorization header, so browsers use fetch, not EventSource.
     *
     * Roles: shopper.
     */
    streamNotices(options: StreamNoticesOptions = {}): AsyncGenerator<Event<NoticeView>, void> {
        return this.#connection.events({
            method: "GET",
            path: "/v1/notices/stream",
            scheme: "session",
            query: ["after"],
        }, options);
    }
}
