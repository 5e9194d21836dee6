// The cart. Every scanned line goes through a queue on the phone, with or without a network, and is sent with a key of its
// own: however often it is sent, and whatever got lost on the way, it is in the cart once.

import { call, newKey, Offline, Refused } from "./api.js";
import { hear, tell } from "./bus.js";
import { small, table } from "./kept.js";
import { lasts, over, visit } from "./visit.js";

const RETRY_MS = 5_000;
const queue = table("queue");
let latest = small.get("cart");
let timer = null;

/** The cart as it was last seen; it may be older than what waits in the queue. */
export const cart = () => (latest !== null && latest.sessionId === visit()?.sessionId ? latest : null);

/** Lines on their way, oldest first: {key, code, quantity, name, price, refused?}. */
export async function waiting() {
  const id = visit()?.sessionId;
  return (await queue.all()).filter((line) => line.sessionId === id);
}

/** Ask for the cart with the prices of now. */
export const look = () => guarded(() => call("GET", "/v1/cart"));

/**
 * Put a scanned code into the cart. Returns true when the server has it, false when it waits for the network.
 * Raises Refused when the store does not sell it like this; then it is not in the queue any more.
 */
export async function add({ code, quantity, name, price }) {
  const line = { key: newKey(), sessionId: visit().sessionId, code, quantity, name, price };
  await queue.put(line);
  tell("cart", null);
  await sync();
  const left = (await waiting()).find((each) => each.key === line.key);
  if (left?.refused) {
    await queue.drop(left.order);
    throw new Refused(left.refused.status, left.refused);
  }
  return left === undefined;
}

export const change = (lineId, quantity) =>
  guarded(() => call("PATCH", `/v1/cart/lines/${lineId}`, { body: { quantity } }));
export const remove = (lineId) => guarded(() => call("DELETE", `/v1/cart/lines/${lineId}`));
export const useCode = (code) => guarded(() => call("PUT", `/v1/cart/codes/${encodeURIComponent(code)}`));
export const dropCode = (code) => guarded(() => call("DELETE", `/v1/cart/codes/${encodeURIComponent(code)}`));

/** Put a brand card on the visit, by the code on it. */
export async function useCard(code) {
  const card = await call("POST", "/v1/discount-cards", { body: { code }, key: newKey() });
  await look();
  return card;
}

export async function dropCard() {
  await call("DELETE", "/v1/discount-cards/current");
  await look();
}

/** Forget a line that was refused after it had waited. */
export async function forget(line) {
  await queue.drop(line.order);
  tell("cart", null);
}

/** Send what waits, one after the other, from one tab at a time. Says nothing about what could not be sent: it waits. */
export function sync() {
  clearTimeout(timer);
  return navigator.locks.request("retailscan-queue", async () => {
    for (const line of await waiting()) {
      if (!line.refused && !(await sent(line))) return;
    }
  });
}

async function sent(line) {
  const body = { code: line.code, ...(line.quantity ? { quantity: line.quantity } : {}) };
  try {
    const reply = await call("POST", "/v1/cart/lines", { body, key: line.key });
    // Only now: whoever dies before sends it again, with the same key.
    await queue.drop(line.order);
    accept(reply);
  } catch (error) {
    if (error instanceof Offline || error.passing || error.code === "CART_LOCKED") {
      timer = setTimeout(sync, RETRY_MS);
      return false;
    }
    if (!(error instanceof Refused)) throw error;
    if (isOver(error)) {
      over();
      return false;
    }
    const { status, code, message } = error;
    await queue.put({ ...line, refused: { status, code, message } });
    tell("cart", null);
  }
  return true;
}

async function guarded(ask) {
  try {
    return accept(await ask());
  } catch (error) {
    if (isOver(error)) over();
    throw error;
  }
}

const isOver = (error) => ["SESSION_EXPIRED", "SESSION_ENDED", "NO_VISIT"].includes(error.code);

/** Take a newer cart, wherever it came from. */
export function accept(reply) {
  const before = cart();
  // Two answers may overtake each other on the way.
  if (before === null || reply.cartVersion >= before.cartVersion) {
    latest = reply;
    small.set("cart", latest);
    lasts(reply.expiresAt);
    tell("cart", latest);
    for (const line of reply.lines) tellPrice(before?.lines.find((each) => each.lineId === line.lineId), line, reply.currency);
  }
  return reply;
}

function tellPrice(before, line, currency) {
  if (before === undefined || before.unitPrice === line.unitPrice) return;
  tell("price", { name: line.name, old: before.unitPrice, now: line.unitPrice, currency });
}

hear("visit", async (what) => {
  if (what === "begun") {
    latest = null;
    small.set("cart", null);
    // Lines of a visit that is over belong to no cart any more.
    for (const line of await queue.all()) if (line.sessionId !== visit().sessionId) await queue.drop(line.order);
  }
});
// Another tab has edited the cart, or sent what waited.
small.watch("cart", (cart) => {
  latest = cart;
  tell("cart", latest);
});
// The browser's word is reason enough to try; an answer proves it.
addEventListener("online", () => visit() && sync());
hear("network", (there) => there && visit() && sync());
