// From the cart to the pass: one checkout at a time, charged once.

import { call, newKey } from "./api.js";
import { accept } from "./cart.js";
import { small } from "./kept.js";
import { visit } from "./visit.js";

const DONE = ["exit_issued", "exited", "closed", "refunded"];
const GIVEN_UP = ["cancelled", "expired"];

/** Agree on the cart as it is shown. The same cart is the same checkout, however often the button is pressed. */
export async function begin(cart) {
  const { cartVersion, total, currency, sessionId } = cart;
  const about = `${sessionId} ${cartVersion} ${total}`;
  let kept = small.get("checkout");
  if (kept?.about !== about) kept = { about, key: newKey() };
  small.set("checkout", kept);
  try {
    return await call("POST", "/v1/checkouts", { body: { cartVersion, total, currency }, key: kept.key });
  } catch (error) {
    if (error.details?.checkoutId && error.code === "CHECKOUT_IN_PROGRESS") return { checkoutId: error.details.checkoutId };
    // A refusal is remembered with its key; what the shopper agrees to next is asked anew.
    if (error.status === 409 || error.status === 429) small.set("checkout", null);
    if (error.details?.cart) accept(error.details.cart);
    throw error;
  }
}

export const look = (id) => call("GET", `/v1/checkouts/${id}`);

export async function cancel(id) {
  small.set("checkout", null);
  return call("POST", `/v1/checkouts/${id}/cancel`);
}

export const receipt = (id) => call("GET", `/v1/checkouts/${id}/receipt`);
export const pass = (id) => call("GET", `/v1/checkouts/${id}/pass`);
export const freshPass = (id) => call("POST", `/v1/checkouts/${id}/pass`);

/** A picture or a document that needs the token, as an address that only this page knows. */
export async function file(path) {
  const response = await call("GET", path, { raw: true });
  return URL.createObjectURL(await response.blob());
}

/** The purchase of this visit that is paid: nothing more can be bought in it, there is only the way out. */
export function paid() {
  const kept = small.get("paid");
  return kept !== null && kept.sessionId === visit()?.sessionId ? kept.id : null;
}

export function keepPaid(id) {
  small.set("paid", { id, sessionId: visit().sessionId });
}

export const isPaid = (checkout) => DONE.includes(checkout.state);
export const isOver = (checkout) => GIVEN_UP.includes(checkout.state) || checkout.refusal !== null;
