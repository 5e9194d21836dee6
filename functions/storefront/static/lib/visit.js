// The visit: one store, one cart, a token of a quarter of an hour that is renewed while the shopper is there.

import { call, newKey, Offline, provide, Refused } from "./api.js";
import { tell } from "./bus.js";
import { small } from "./kept.js";
import { t } from "./words.js";

const RENEW_BEFORE_MS = 60_000;
let current = small.get("visit");
let renewing = null;

/** {sessionId, token, tokenExpiresAt, expiresAt, store: {storeId, name, currency, timeZone}}, or null. */
export const visit = () => current;

provide("session", { get: token, renewed: renew });

/** Begin a visit with the text of the code at the entrance. */
export async function checkIn(storeCode) {
  // A code may come as a link, so that any camera app opens this page with it.
  const code = storeCode.trim().split(/[#?&]code=/).pop();
  const begun = await call("POST", "/v1/sessions", { as: "identity", body: { storeCode: code }, key: newKey() });
  keep(begun);
  tell("visit", "begun");
}

/** A token that is good for a minute at least, or whatever there is when nobody can give a fresh one now. */
async function token() {
  if (current === null) throw new Refused(401, { code: "NO_VISIT", message: t("Check in first.") });
  if (Date.parse(current.tokenExpiresAt) - Date.now() > RENEW_BEFORE_MS) return current.token;
  return renew();
}

/** A fresh token: the visit goes on for half an hour. Raises Refused when it is over. */
export function renew() {
  // Several requests may find the token old at the same time.
  renewing ??= renewed().finally(() => (renewing = null));
  return renewing;
}

async function renewed() {
  const { sessionId } = current;
  try {
    const fresh = await call("POST", `/v1/sessions/${sessionId}/token`, { as: "identity" });
    keep({ ...current, ...fresh });
    tell("visit", "renewed");
    return fresh.token;
  } catch (error) {
    if (error instanceof Refused && [401, 403, 404, 409].includes(error.status)) over();
    throw error;
  }
}

/** Leave the store without buying. */
export async function leave() {
  try {
    await call("DELETE", `/v1/sessions/${current.sessionId}`, { as: "identity" });
  } catch (error) {
    // Without a network the visit ends by itself, half an hour after the last edit.
    if (!(error instanceof Offline || error.status === 404)) throw error;
  }
  keep(null);
  tell("visit", "left");
}

/** The shopper has paid and is outside: the store has closed the visit. */
export function done() {
  keep(null);
  tell("visit", "left");
}

/** The visit is over, whoever ended it. */
export function over() {
  if (current === null) return;
  keep(null);
  tell("visit", "over");
}

/** The server said until when it lasts. */
export function lasts(expiresAt) {
  if (current !== null && expiresAt !== current.expiresAt) keep({ ...current, expiresAt });
}

// Another tab has renewed the token, or ended the visit.
small.watch("visit", (kept) => {
  current = kept;
  tell("visit", kept === null ? "left" : "renewed");
});

function keep(value) {
  current = value;
  small.set("visit", value);
}
