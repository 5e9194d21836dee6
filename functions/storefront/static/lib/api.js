// The public API: envelopes, tokens, errors. Every request of the app goes through `call`.

import { tell } from "./bus.js";
import { t } from "./words.js";

/** The API said no: `status`, a stable `code`, a sentence, and sometimes `details`. */
export class Refused extends Error {
  constructor(status, error, retryAfter) {
    super(error.message);
    Object.assign(this, { name: "Refused", status, code: error.code, details: error.details, retryAfter });
  }

  /** Whether the same request may succeed a little later. */
  get passing() {
    return this.status >= 500 || this.status === 429 || ["IDEMPOTENCY_IN_FLIGHT", "CART_BUSY"].includes(this.code);
  }
}

/** No answer came. The request may have been carried out: repeat it with the same key. */
export class Offline extends Error {
  constructor(cause) {
    super("there is no network right now", { cause });
    this.name = "Offline";
  }
}

const PATIENCE_MS = 20_000;
const bearers = {};
let there = navigator.onLine;

/** Where tokens come from: `get()` one for `session` or `identity`; `renewed()` after it was refused. */
export function provide(kind, { get, renewed }) {
  bearers[kind] = { get, renewed };
}

/** A key that makes a request safe to repeat: one effect, one answer. */
export function newKey() {
  return crypto.randomUUID();
}

/**
 * The `data` of an answer. Raises Refused or Offline.
 *
 * `as`: session, identity or null (nobody). `key`: the Idempotency-Key. `raw`: the Response itself.
 */
export async function call(method, path, { body, key, as = "session", headers = {}, raw = false, signal } = {}) {
  const sent = { ...headers };
  if (body !== undefined) sent["content-type"] = "application/json";
  if (key) sent["idempotency-key"] = key;
  let token = as && (await bearers[as].get());
  for (let attempt = 1; ; attempt += 1) {
    if (token) sent.authorization = `Bearer ${token}`;
    const response = await send(path, { method, headers: sent, body: body && JSON.stringify(body), signal });
    if (response.ok || response.status === 304) return raw ? response : (await read(response)).data;
    const refused = await refusal(response);
    if (refused.status === 401 && as && attempt === 1 && refused.code !== "SESSION_EXPIRED") {
      token = await bearers[as].renewed();
    } else if (refused.passing && attempt < 3 && (method === "GET" || key)) {
      await pause(Math.min(refused.retryAfter ?? attempt, 3) * 1000);
    } else {
      throw refused;
    }
  }
}

async function send(path, options) {
  try {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    // A stream goes on for minutes and says itself when it ends.
    const response = await fetch(path, { cache: "no-store", ...options, signal: options.signal ?? patience });
    notice(true);
    return response;
  } catch (error) {
    if (!options.signal?.aborted) notice(false);
    throw new Offline(error);
  }
}

/** Whether answers come decides, not what the browser believes: a phone may be in a network that leads nowhere. */
function notice(now) {
  if (there !== now) tell("network", now);
  there = now;
}

addEventListener("offline", () => notice(false));

async function read(response) {
  try {
    return await response.json();
  } catch (error) {
    throw new Offline(error);
  }
}

async function refusal(response) {
  let error = { code: "UNREADABLE", message: t("The answer was {status}.", { status: response.status }) };
  try {
    error = (await response.json()).error ?? error;
  } catch {
    // A proxy's page, not ours: the status has to do.
  }
  return new Refused(response.status, error, Number(response.headers.get("retry-after")) || undefined);
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
