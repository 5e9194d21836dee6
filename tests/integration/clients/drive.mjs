// What an app does besides shopping, on a running suite; asserts by itself. Run by test_typescript.py.
import assert from "node:assert/strict";

import { ApiError, RetailScan } from "../../../clients/typescript/dist/index.js";

const { URL: url, SHOPPER, MANAGER, STORE, BARCODE, UNKNOWN } = process.env;
const manager = new RetailScan(url, { identity: MANAGER });
const { code } = await manager.catalog.readCheckInCode(STORE);
let session = "";
const phone = new RetailScan(url, { identity: async () => SHOPPER, session: () => session });
const visit = await phone.sessions.checkIn({ storeCode: code });
session = visit.token;

// A refusal has its code and an id to quote.
await assert.rejects(phone.scan.scanCode(UNKNOWN), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code], [404, "PRODUCT_NOT_FOUND"]);
    assert.ok(error.requestId);
    return true;
});

// A key has one effect.
const keyed = { idempotencyKey: `line-${visit.sessionId}` };
await phone.sessions.addLine({ code: BARCODE }, keyed);
await phone.sessions.addLine({ code: BARCODE }, keyed);
assert.equal((await phone.sessions.readCart()).lines[0].quantity, 1000);

// A list comes whole, though in pages.
const names = [];
for await (const product of manager.catalog.listProducts(STORE, { q: "product", limit: 1 })) names.push(product.name);
assert.deepEqual(names, ["Product 1", "Product 2", "Product 3"]);

// Another price of what is in the cart is told on the stream.
const giveUp = AbortSignal.timeout(60_000);
const stream = phone.notify.streamNotices({ signal: giveUp });
const told = stream.next();
const update = { storeId: STORE, barcode: BARCODE, price: 4711, currency: "EUR" };
const erp = new RetailScan(url, { identity: process.env.ERP });
await erp.priceIngest.sendPriceUpdates({ updates: [update] });
const { value } = await told;
assert.equal(value.event, "notice");
assert.ok(Number(value.id) > 0 && value.data.id === Number(value.id), JSON.stringify(value));
await stream.return();

// A file is a Blob, and text comes as text.
const file = new Blob(["barcode,name,price,stock\n", `${BARCODE},Product,two euros,1\n`]);
const { imports } = await manager.importPublish.uploadFile(file, "text/csv", { storeId: STORE, name: "goods.csv" });
const { importId } = imports[0];
for (;;) {
    const { state } = await manager.importPublish.readImport(importId);
    if (state !== "fetching" && state !== "staging") break;
    await new Promise((go) => setTimeout(go, 200));
}
const wrong = [];
for await (const row of manager.importPublish.listImportRows(importId, { status: "error" })) wrong.push(row.faults[0].value);
assert.deepEqual(wrong, ["two euros"]);
assert.match(await manager.importPublish.exportFailures(importId), /^barcode,name,price,stock,retailscan_line/);
console.log("driven");
process.exit(0);
