// What the store tells the shopper while the app is open: server-sent events, read with fetch because EventSource cannot
// send the Authorization header.

import { call, pause } from "./api.js";
import { hear, tell } from "./bus.js";
import { visit } from "./visit.js";

const AGAIN_MS = 2_000;
let stop = null;

/** Listen for as long as there is a visit and the app is in front. */
export function listen() {
  const check = () => {
    const wanted = visit() !== null && document.visibilityState === "visible";
    if (wanted && stop === null) {
      stop = new AbortController();
      stream(stop.signal);
    } else if (!wanted && stop !== null) {
      stop.abort();
      stop = null;
    }
  };
  hear("visit", check);
  document.addEventListener("visibilitychange", check);
  check();
}

async function stream(signal) {
  let last = null;
  while (!signal.aborted) {
    try {
      const headers = last ? { "last-event-id": last } : {};
      const response = await call("GET", "/v1/notices/stream", { headers, raw: true, signal });
      for await (const event of events(response.body)) {
        last = event.id ?? last;
        if (event.data) tell("notice", JSON.parse(event.data));
      }
    } catch {
      // The network, or the end of the token: a new stream begins with a fresh one, where this one stopped.
    }
    if (!signal.aborted) await pause(AGAIN_MS);
  }
}

/** The events in a stream of bytes: fields `id`, `event`, `data` until an empty line. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const parts = rest.split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const pairs = part.split("\n").map((line) => line.split(/: ?(.*)/s, 2));
      yield Object.fromEntries(pairs);
    }
  }
}
