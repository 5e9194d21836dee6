// The store's catalogue on the phone, for when the network drops: signed lines of JSON, see `GET /v1/stores/{storeId}/snapshot`.
// What the signature proves: these products and prices are what this store published, whoever kept the file meanwhile.

import { call } from "./api.js";
import { hear } from "./bus.js";
import { table } from "./kept.js";
import { time } from "./dom.js";
import { visit } from "./visit.js";

const EVERY_MS = 10 * 60_000;
const snapshots = table("snapshots");
let timer = null;
let loaded = null;

/** Keep the catalogue of the store fresh for as long as there is a visit. Nothing is said when that does not work. */
export function keepFresh() {
  hear("visit", (what) => what === "begun" && refresh());
  hear("network", (there) => there && refresh());
  refresh();
}

async function refresh() {
  clearTimeout(timer);
  if (visit() === null) return;
  timer = setTimeout(refresh, EVERY_MS);
  try {
    await fetchSnapshot(visit().store.storeId);
  } catch (error) {
    // Without it scanning needs the network, as it did before.
    console.warn(`no catalogue for offline: ${error.message}`);
  }
}

async function fetchSnapshot(storeId) {
  const kept = await snapshots.get(storeId);
  const headers = kept ? { "if-none-match": kept.etag } : {};
  const response = await call("GET", `/v1/stores/${encodeURIComponent(storeId)}/snapshot`, { headers, raw: true });
  if (response.status === 304) return;
  const text = await response.text();
  const claims = await verified(text, storeId);
  // One store at a time: whoever goes to another has no use for this one.
  await snapshots.clear();
  await snapshots.put({ storeId, etag: response.headers.get("etag"), at: claims.iat * 1000, until: claims.exp * 1000, text });
  loaded = null;
}

/** The claims of the signature. Raises when it is not the catalogue's, not of this store, too old, or not of these lines. */
export async function verified(text, storeId) {
  const end = text.lastIndexOf("\n", text.length - 2) + 1;
  const { signature } = JSON.parse(text.slice(end));
  const [header, payload, mark] = signature.split(".");
  const { alg, kid, typ } = JSON.parse(decoded(header));
  if (alg !== "EdDSA" || typ !== "snapshot+jwt") throw new Error("not a snapshot");
  const { keys } = await call("GET", "/v1/catalog-keys.json", { as: null, raw: true }).then((answer) => answer.json());
  const jwk = keys.find((each) => each.kid === kid);
  if (jwk === undefined) throw new Error("signed by nobody we know");
  const key = await crypto.subtle.importKey("jwk", { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, { name: "Ed25519" }, false, ["verify"]);
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify("Ed25519", key, bytes(mark), signed))) throw new Error("the signature is wrong");
  const claims = JSON.parse(decoded(payload));
  if (claims.storeId !== storeId) throw new Error("of another store");
  if (claims.exp * 1000 < Date.now()) throw new Error("too old");
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text.slice(0, end)));
  const hex = [...new Uint8Array(sum)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== claims.sha256) throw new Error("not the lines that were signed");
  return claims;
}

/** A scan's answer from the catalogue on this phone, or null when the code is not in it. */
export async function productAt(store, code) {
  const catalogue = await load(store.storeId);
  const gtin = gtinOf(code);
  const found = gtin && catalogue?.products.get(gtin);
  if (!found) return null;
  const { line: [, name, price, measure, age], pack } = found;
  const one = pack ? pack[1] : 1000;
  const many = pack && price !== null ? Math.round((price * pack[1]) / 1000) : null;
  const cost = pack ? (pack[2] ?? many) : price;
  return {
    offline: true, asOf: time(catalogue.at), currency: store.currency, measure, quantity: measure === "each" ? one : null,
    product: { name, ageRestriction: age }, askQuantity: measure !== "each", unitPrice: price,
    price: measure === "each" ? cost : null, warnings: [], blocked: null,
  };
}

async function load(storeId) {
  if (loaded?.storeId === storeId) return loaded;
  const kept = await snapshots.get(storeId);
  if (!kept || kept.until < Date.now()) return null;
  const products = new Map();
  for (const text of kept.text.split("\n").slice(0, -2)) {
    const line = JSON.parse(text);
    products.set(line[0].padStart(14, "0"), { line });
    for (const pack of line[5]) products.set(pack[0].padStart(14, "0"), { line, pack });
  }
  loaded = { storeId, at: kept.at, products };
  return loaded;
}

/** The 14 digits of a product in a code: a plain number, a GS1 element string or a Digital Link. Null for anything else. */
function gtinOf(code) {
  const plain = code.replace(/^\][A-Za-z]\d/, "");
  const digits = /^(?:\d{8}|\d{12,14})$/.exec(plain)?.[0] ?? /(?:^|\/)01\/?(\d{14})/.exec(plain)?.[1];
  return digits && isValid(digits) ? digits.padStart(14, "0") : null;
}

/** GS1's check digit: threes and ones in turn from the right, to a multiple of ten. */
function isValid(digits) {
  const sum = [...digits.padStart(14, "0")].reduce((total, digit, place) => total + Number(digit) * (place % 2 ? 1 : 3), 0);
  return sum % 10 === 0;
}

function bytes(base64url) {
  const text = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const decoded = (base64url) => new TextDecoder().decode(bytes(base64url));
