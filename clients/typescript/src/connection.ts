/** One caller's connection to a suite: tokens, retries, errors, pages, files and streams. Written by hand. */
import { ApiError, NoToken, RetailScanError, Unreachable } from "./errors.js";
import type { Ticket } from "./models.js";
import { events } from "./stream.js";
import type { Event } from "./stream.js";

export type { Event } from "./stream.js";

/** A token, or what gives the one of now: asked before every attempt, so it should keep a token while it is good. */
export type Token = string | (() => string | Promise<string>);

/** A file to send; a `File` of a form is a `Blob`. */
export type Content = Blob | BufferSource | string;

/** For every call. */
export interface Options {
    /** Ends the call, and its retries. */
    signal?: AbortSignal;
}

/** For a call with one effect. */
export interface Keyed extends Options {
    /** Your own, when the effect must be one over restarts of your app; else one is made for the call. */
    idempotencyKey?: string;
}

/** When a request that may be repeated is repeated; times in milliseconds. */
export interface Retry {
    /** default: 5 */
    attempts?: number;
    /** The longest pause after the first failure; it doubles. default: 250 */
    first?: number;
    /** default: 10,000 */
    longest?: number;
    /** A longer Retry-After is not waited for. default: 60,000 */
    patience?: number;
}

export interface ConnectionOptions {
    /** Of the identity provider. */
    identity?: Token;
    /** From check-in. */
    session?: Token;
    retry?: Retry;
    /** For one attempt, in milliseconds. default: 30,000 */
    timeout?: number;
    /** Such as `accept-language`. */
    headers?: Record<string, string>;
    fetch?: typeof fetch;
    sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** One operation of the contract, as the rooms say it. */
export interface Call {
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    path: string;
    scheme?: "identity" | "session";
    /** Which of the options go into the query. */
    query?: string[];
    body?: unknown;
    content?: Content;
    media?: string;
    keyed?: boolean;
    repeatable?: boolean;
}

/** One page of a list; `total` counts the items of all pages. */
export interface Page<Item> {
    items: Item[];
    page: number;
    limit: number;
    total: number;
    totalPages: number;
}

/** A list of the suite: `for await` every item of every page, or ask for one `page`. */
export class Listing<Item> implements AsyncIterable<Item> {
    readonly #fetch: (page: number) => Promise<Page<Item>>;

    constructor(fetch: (page: number) => Promise<Page<Item>>) {
        this.#fetch = fetch;
    }

    /** One page, counted from 1. */
    page(number = 1): Promise<Page<Item>> {
        return this.#fetch(number);
    }

    /** Pages are fetched while you go. When items are added meanwhile, one may come twice. */
    async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
        for (let number = 1; ; number++) {
            const found = await this.#fetch(number);
            yield* found.items;
            if (number >= found.totalPages) return;
        }
    }
}

const LATER = new Set([429, 502, 503, 504]);

/** What rooms are made of; apps use `RetailScan`. */
export class Connection {
    readonly #url: string;
    readonly #options: ConnectionOptions;
    readonly #retry: Required<Retry>;
    readonly #fetch: typeof fetch;
    readonly #sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;

    /** `url` may be empty in a page that the suite itself serves. */
    constructor(url: string, options: ConnectionOptions = {}) {
        this.#url = url.replace(/\/+$/, "");
        this.#options = options;
        this.#retry = { attempts: 5, first: 250, longest: 10_000, patience: 60_000, ...options.retry };
        // Browsers call fetch with the window as `this`, and nothing else.
        this.#fetch = options.fetch ?? ((...given) => fetch(...given));
        this.#sleep = options.sleep ?? pause;
    }

    /** Bring a large file to where `importPublish.requestUploadUrl` said. */
    async putFile(ticket: Ticket, content: Content, options: Options = {}): Promise<void> {
        try {
            // Without the token: the signature in the address is the permission, and the address is the bucket's.
            await this.#persistently(true, options, async (signal) =>
                this.#fetch(ticket.url, { method: "PUT", headers: ticket.headers, body: content, signal }),
            );
        } catch (error) {
            // It is there already: the answer to an earlier attempt was lost.
            if (!(error instanceof ApiError && error.status === 412)) throw error;
        }
    }

    /** What the envelope of an answer holds. */
    async data<Data>(call: Call, options: Options): Promise<Data> {
        return (await this.raw<{ data: Data }>(call, options)).data;
    }

    /** JSON that comes without an envelope. */
    async raw<Data>(call: Call, options: Options): Promise<Data> {
        return JSON.parse(await this.text(call, options));
    }

    /** A page or table. */
    async text(call: Call, options: Options): Promise<string> {
        return (await this.blob(call, options)).text();
    }

    /** A file. */
    async blob(call: Call, options: Keyed): Promise<Blob> {
        const { method, keyed } = call;
        const headers: Record<string, string> = {};
        if (keyed) headers["idempotency-key"] = options.idempotencyKey ?? newKey();
        if (call.media) headers["content-type"] = call.media;
        if (call.body !== undefined) headers["content-type"] = "application/json";
        const body = call.body !== undefined ? JSON.stringify(call.body) : (call.content ?? null);
        const repeatable = keyed || call.repeatable || method === "GET" || method === "PUT" || method === "DELETE";
        return this.#persistently(repeatable ?? false, options, async (signal) =>
            this.#send(call, options, { method, headers, body, signal }),
        );
    }

    /** All pages of a list. */
    listing<Item>(call: Call, options: Options): Listing<Item> {
        type Answer = { data: Item[]; pagination: Omit<Page<Item>, "items"> };
        const query = [...(call.query ?? []), "page"];
        return new Listing(async (page) => {
            const asked: Options & { page: number } = { ...options, page };
            const { data, pagination } = await this.raw<Answer>({ ...call, query }, asked);
            return { ...pagination, items: data };
        });
    }

    /** A stream that is opened again, behind the last event, whenever it ends or breaks off. */
    async *events<Data>(call: Call, options: Options): AsyncGenerator<Event<Data>, void> {
        let last: string | undefined;
        for (let failures = 0; ; ) {
            let wait = this.#retry.first;
            const ours = new AbortController();
            const signal = options.signal ? AbortSignal.any([options.signal, ours.signal]) : ours.signal;
            try {
                const headers = { accept: "text/event-stream", ...(last !== undefined && { "last-event-id": last }) };
                const answer = await this.#send(call, options, { headers, signal });
                if (!answer.ok) throw await ApiError.of(answer);
                for await (const event of events<Data>(answer, () => ours.abort())) {
                    if (typeof event === "number") {
                        wait = event;
                        continue;
                    }
                    last = event.id || last;
                    failures = 0;
                    yield event;
                }
                failures = 0;
            } catch (error) {
                wait = Math.max(wait, this.#pauseAfter(++failures, failureOf(error, options)));
            } finally {
                ours.abort();
            }
            await this.#sleep(wait, options.signal);
        }
    }

    async #send(call: Call, options: Options, init: RequestInit): Promise<Response> {
        const url = this.#url + call.path + asked(call.query ?? [], options);
        const headers = { ...this.#options.headers, ...init.headers, ...(await this.#bearer(call.scheme)) };
        return this.#fetch(url, { ...init, headers });
    }

    async #persistently(
        repeatable: boolean,
        options: Options,
        send: (signal: AbortSignal) => Promise<Response>,
    ): Promise<Blob> {
        for (let attempt = 1; ; attempt++) {
            const time = AbortSignal.timeout(this.#options.timeout ?? 30_000);
            try {
                const answer = await send(options.signal ? AbortSignal.any([options.signal, time]) : time);
                if (!answer.ok) throw await ApiError.of(answer);
                return await answer.blob();
            } catch (error) {
                const failure = failureOf(error, options);
                if (!repeatable) throw failure;
                await this.#sleep(this.#pauseAfter(attempt, failure), options.signal);
            }
        }
    }

    /** Milliseconds until the next attempt, from the whole range ("full jitter"); throws a failure that is final. */
    #pauseAfter(attempt: number, failure: unknown): number {
        const { attempts, first, longest, patience } = this.#retry;
        const waiting =
            failure instanceof Unreachable ||
            (failure instanceof ApiError && (LATER.has(failure.status) || failure.code === "IDEMPOTENCY_IN_FLIGHT"));
        const told = failure instanceof ApiError ? (failure.retryAfter ?? 0) * 1000 : 0;
        if (!waiting || attempt >= attempts || told > patience) throw failure;
        return told + Math.random() * Math.min(longest, first * 2 ** (attempt - 1));
    }

    async #bearer(scheme: Call["scheme"]): Promise<Record<string, string>> {
        if (!scheme) return {};
        const token = this.#options[scheme];
        if (token === undefined) throw new NoToken(`this call needs a token: give ${scheme} when you make the client`);
        return { authorization: `Bearer ${typeof token === "string" ? token : await token()}` };
    }
}

/** An idempotency key for one intended effect. */
export function newKey(): string {
    // Not randomUUID: pages on plain http have none.
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A value as one part of a path; throws for one that would lead to another path. */
export function part(value: string): string {
    if (/^\.{0,2}$/.test(value)) throw new RangeError(`"${value}" cannot be a part of a path`);
    return encodeURIComponent(value);
}

function asked(names: string[], options: object): string {
    const given: Record<string, unknown> = { ...options };
    const pairs = names.filter((name) => given[name] !== undefined && given[name] !== null);
    return pairs.length ? `?${new URLSearchParams(pairs.map((name) => [name, String(given[name])]))}` : "";
}

/** What fetch throws, as an error of ours; what the caller has aborted stays what it is. */
function failureOf(error: unknown, options: Options): unknown {
    if (options.signal?.aborted) return options.signal.reason;
    if (error instanceof RetailScanError) return error;
    const network = error instanceof TypeError || (error instanceof DOMException && /Abort|Timeout/.test(error.name));
    return network ? new Unreachable(error.message, { cause: error }) : error;
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
        const stop = () => {
            clearTimeout(timer);
            reject(signal?.reason);
        };
        const timer = setTimeout(() => {
            signal?.removeEventListener("abort", stop);
            resolve();
        }, milliseconds);
        if (signal?.aborted) stop();
        signal?.addEventListener("abort", stop, { once: true });
    });
}
