// How the TypeScript client behaves when the network and the suite do not. Run by test_typescript_connection.py.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, NoToken, RetailScan, RetailScanError, Unreachable } from "../../../clients/typescript/dist/index.js";

const OK = { success: true, data: { batchId: "b1" }, metadata: { requestId: "r1" } };
const ok = () => Response.json(OK);
const no = (status, code = "DOWN", headers = {}) =>
    Response.json({ success: false, error: { code, message: "not now", details: [{ field: "x" }] } }, { status, headers });
const lost = () => {
    throw new TypeError("fetch failed");
};

/** A client of a suite that gives these answers in turn; what it was asked, and how long it paused. */
function client(answers, options = {}) {
    const asked = [];
    const slept = [];
    const rest = answers[Symbol.iterator]();
    const api = new RetailScan("http://suite", {
        identity: "token",
        session: "visit",
        fetch: async (url, init) => {
            init.signal?.throwIfAborted();
            asked.push({ url: new URL(url), ...init });
            return rest.next().value(init);
        },
        sleep: async (milliseconds) => void slept.push(milliseconds),
        ...options,
    });
    return { api, asked, slept };
}

test("a write is repeated with the key it had", async () => {
    const { api, asked } = client([lost, () => no(503), () => no(504), ok]);
    assert.equal((await api.priceIngest.sendPriceUpdates({ updates: [] })).batchId, "b1");
    const keys = new Set(asked.map((each) => each.headers["idempotency-key"]));
    assert.equal(keys.size, 1);
    assert.match([...keys][0], /^[0-9a-f]{32}$/);
    assert.deepEqual([...new Set(asked.map((each) => each.body))], ['{"updates":[]}']);
});

test("a key of the caller is the one that is sent", async () => {
    const { api, asked } = client([ok]);
    await api.priceIngest.sendPriceUpdates({ updates: [] }, { idempotencyKey: "mine" });
    assert.equal(asked[0].headers["idempotency-key"], "mine");
});

for (const [what, failure] of Object.entries({ "a lost connection": lost, 503: () => no(503), 429: () => no(429) })) {
    test(`a write without a key is never sent twice, after ${what}`, async () => {
        const { api, asked } = client([failure, ok]);
        await assert.rejects(api.sessions.changeLine("l1", { quantity: 2000 }), RetailScanError);
        assert.equal(asked.length, 1);
    });
}

test("a question by POST may be repeated", async () => {
    const { api, asked } = client([() => no(503), ok]);
    await api.scan.scanSymbol({ code: "4006381333931" });
    assert.equal(asked.length, 2);
});

test("a refusal is not repeated and says everything", async () => {
    const { api, asked } = client([() => no(400, "VALIDATION_FAILED", { "x-request-id": "r9" })]);
    await assert.rejects(api.catalog.readStore("s1"), (error) => {
        assert.ok(error instanceof ApiError);
        const { status, code, message, details, requestId, retryAfter } = error;
        assert.deepEqual(
            { status, code, message, details, requestId, retryAfter },
            {
                status: 400,
                code: "VALIDATION_FAILED",
                message: "not now",
                details: [{ field: "x" }],
                requestId: "r9",
                retryAfter: undefined,
            },
        );
        return true;
    });
    assert.equal(asked.length, 1);
});

test("an answer of a proxy is an error too", async () => {
    const { api } = client([() => new Response("<html>blocked</html>", { status: 403 })]);
    await assert.rejects(api.catalog.readStore("s1"), { code: "HTTP_403", message: "<html>blocked</html>" });
});

test("Retry-After is waited for, but not for longer than there is patience", async () => {
    const { api, slept } = client([() => no(429, "SLOW_DOWN", { "retry-after": "7" }), ok]);
    await api.catalog.readStore("s1");
    assert.ok(slept[0] >= 7000 && slept[0] <= 7250, `${slept[0]}`);
    const late = client([() => no(503, "DOWN", { "retry-after": "61" }), ok]);
    await assert.rejects(late.api.catalog.readStore("s1"), { retryAfter: 61 });
});

test("a key that is in flight is waited for", async () => {
    const { api, asked } = client([() => no(409, "IDEMPOTENCY_IN_FLIGHT"), ok]);
    await api.priceIngest.sendPriceUpdates({ updates: [] });
    assert.equal(asked.length, 2);
});

test("pauses double, are drawn from their whole range and come to an end", async () => {
    const drawn = [[], [], [], []];
    for (let round = 0; round < 200; round++) {
        const { api, slept } = client(Array(9).fill(lost), { retry: { first: 500, longest: 1500 } });
        await assert.rejects(api.catalog.readStore("s1"), Unreachable);
        assert.equal(slept.length, 4);
        slept.forEach((pause, place) => drawn[place].push(pause));
    }
    [500, 1000, 1500, 1500].forEach((most, place) => {
        assert.ok(Math.min(...drawn[place]) < most / 4);
        assert.ok(Math.max(...drawn[place]) > (most * 3) / 4 && Math.max(...drawn[place]) <= most);
    });
});

test("the token is asked for anew at every attempt", async () => {
    const tokens = ["old", "new"];
    const { api, asked } = client([() => no(503), ok], { identity: async () => tokens.shift() });
    await api.catalog.readStore("s1");
    assert.deepEqual(asked.map((each) => each.headers.authorization), ["Bearer old", "Bearer new"]);
});

test("each call takes the token it needs", async () => {
    const { api, asked } = client([ok, ok, ok], { headers: { "accept-language": "de" } });
    await api.catalog.readStore("s1");
    await api.sessions.readCart();
    await api.sessions.readKeys();
    assert.deepEqual(asked.map((each) => each.headers.authorization), ["Bearer token", "Bearer visit", undefined]);
    assert.ok(asked.every((each) => each.headers["accept-language"] === "de"));
    await assert.rejects(client([ok], { session: undefined }).api.sessions.readCart(), NoToken);
});

test("values in a path cannot leave it, and what is not given is not asked", async () => {
    const { api, asked } = client([ok, ok]);
    await api.catalog.readProduct("s1", "../a/b?c#d");
    assert.equal(asked[0].url.pathname, "/v1/stores/s1/products/..%2Fa%2Fb%3Fc%23d");
    await api.sessions.readCart({ explain: true });
    assert.equal(asked[1].url.search, "?explain=true");
    for (const value of ["", ".", ".."]) assert.throws(() => api.catalog.readProduct("s1", value), RangeError);
});

test("a call that its caller has given up is not sent again", async () => {
    const giveUp = new AbortController();
    const answer = () => {
        giveUp.abort(new Error("left the page"));
        throw new DOMException("aborted", "AbortError");
    };
    const { api, asked, slept } = client([answer, ok]);
    await assert.rejects(api.catalog.readStore("s1", { signal: giveUp.signal }), { message: "left the page" });
    assert.deepEqual([asked.length, slept.length], [1, 0]);
});

test("an answer that does not come in time is asked for again", async () => {
    const silence = (init) => new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)));
    const { api, asked } = client([silence, ok], { timeout: 20 });
    // Timers of AbortSignal.timeout do not keep Node alive.
    const awake = setInterval(() => {}, 10);
    await api.catalog.readStore("s1").finally(() => clearInterval(awake));
    assert.equal(asked.length, 2);
});

const paged = (url) => {
    const page = Number(url.searchParams.get("page"));
    const data = [1, 2, 3, 4, 5].slice(2 * page - 2, 2 * page).map((number) => ({ brandId: `b${number}` }));
    return Response.json({ data, pagination: { page, limit: 2, total: 5, totalPages: 3 } });
};

test("a list is walked through page by page, only as far as one goes", async () => {
    const asked = [];
    const api = new RetailScan("http://suite/", {
        identity: "token",
        fetch: async (url) => (asked.push(url), paged(new URL(url))),
    });
    const found = [];
    for await (const brand of api.catalog.listBrands({ limit: 2 })) found.push(brand.brandId);
    assert.deepEqual(found, ["b1", "b2", "b3", "b4", "b5"]);
    assert.equal(asked[0], "http://suite/v1/brands?limit=2&page=1");
    const last = await api.catalog.listBrands({ limit: 2 }).page(3);
    assert.deepEqual(last, { items: [{ brandId: "b5" }], page: 3, limit: 2, total: 5, totalPages: 3 });
    asked.length = 0;
    for await (const _ of api.catalog.listBrands()) break;
    assert.equal(asked.length, 1);
});

test("a file is sent as it is", async () => {
    const { api, asked } = client([lost, ok]);
    const file = new Blob(["barcode,name\n"]);
    await api.importPublish.uploadFile(file, "text/csv", { storeId: "s1", again: false });
    assert.equal(asked[1].body, file);
    assert.equal(asked[1].headers["content-type"], "text/csv");
    assert.equal(asked[1].url.search, "?storeId=s1&again=false");
});

test("a large file goes without the token, and may be there already", async () => {
    const { api, asked } = client([lost, () => new Response("exists", { status: 412 })]);
    await api.putFile({ method: "PUT", url: "http://bucket/x?sig", headers: { "x-goog": "1" }, expiresAt: "", uploadedUrl: "" }, "a");
    assert.deepEqual(asked.map((each) => each.headers), [{ "x-goog": "1" }, { "x-goog": "1" }]);
});

/** A stream that says so much, in pieces that break anywhere, and ends. */
const stream = (...pieces) => () =>
    new Response(
        new ReadableStream({
            start(controller) {
                for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
                controller.close();
            },
        }),
    );

test("a stream goes on behind its last event", async () => {
    const { api, asked, slept } = client([
        stream("retry: 2000\n\n: \n\nid: 1\nevent: notice\nda", 'ta: {"id":1}\r\n\r\nid: 2\ndata: {"id":\r', "\ndata:2}\n\n"),
        lost,
        stream('id: 3\ndata: {"id":3}\n\n'),
    ]);
    const found = [];
    for await (const event of api.notify.streamNotices({ after: 0 })) {
        found.push([event.id, event.event, event.data.id]);
        if (found.length === 3) break;
    }
    assert.deepEqual(found, [["1", "notice", 1], ["2", "message", 2], ["3", "message", 3]]);
    assert.deepEqual(asked.map((each) => each.headers["last-event-id"]), [undefined, "2", "2"]);
    assert.equal(asked[0].url.search, "?after=0");
    assert.equal(slept[0], 2000);
    assert.ok(asked[2].signal.aborted, "the connection is closed when nobody listens any more");
});

test("a stream ends when the visit does", async () => {
    const { api } = client([stream('id: 1\ndata: {"id":1}\n\n'), () => no(401, "TOKEN_EXPIRED")]);
    const found = api.notify.streamNotices();
    await found.next();
    await assert.rejects(found.next(), { code: "TOKEN_EXPIRED" });
});
