// Development only: the local suite's issuer gives anybody a token for the name they say (`/dev/token`).

import { call } from "./api.js";
import { small } from "./kept.js";

let held = null;

export function configure() {}

export const who = () => small.get("who");

export async function signIn({ name }) {
  if (!name?.trim()) throw new Error("say any name");
  held = null;
  small.set("who", name.trim());
  await token(true);
}

export async function token(fresh) {
  if (!who()) return null;
  if (fresh || held === null || held.until < Date.now()) {
    const asked = { role: "shopper", sub: who(), livesSeconds: 3600 };
    const given = await fetchToken(asked);
    held = { token: given.token, until: Date.now() + 3_500_000 };
  }
  return held.token;
}

export function signOut() {
  held = null;
  small.set("who", null);
}

/** A token for any role: also what the panel for developers uses to print a store's code. */
export async function fetchToken(asked) {
  const response = await call("POST", "/dev/token", { body: asked, as: null, raw: true });
  return response.json();
}
