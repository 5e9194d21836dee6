// Production: Firebase Authentication over its REST API, so that no script of another origin is needed.
// https://firebase.google.com/docs/reference/rest/auth

import { Offline } from "./api.js";
import { small } from "./kept.js";
import { t } from "./words.js";

const ACCOUNTS = "https://identitytoolkit.googleapis.com/v1/accounts";
const TOKENS = "https://securetoken.googleapis.com/v1/token";
const SAID = {
  INVALID_LOGIN_CREDENTIALS: t("The e-mail address or the password is not right."),
  INVALID_PASSWORD: t("The e-mail address or the password is not right."),
  EMAIL_NOT_FOUND: t("The e-mail address or the password is not right."),
  USER_DISABLED: t("This account has been closed."),
  TOO_MANY_ATTEMPTS_TRY_LATER: t("Too many attempts. Try again later."),
};
let apiKey = "";
let held = null;

export function configure(config) {
  apiKey = config.firebaseKey;
}

export const who = () => small.get("firebase")?.email ?? null;

export async function signIn({ email, password }) {
  const body = { email, password, returnSecureToken: true };
  const given = await ask(`${ACCOUNTS}:signInWithPassword`, JSON.stringify(body), "application/json");
  small.set("firebase", { email, refreshToken: given.refreshToken });
  hold(given.idToken, given.expiresIn);
}

export async function token(fresh) {
  const account = small.get("firebase");
  if (account === null) return null;
  if (fresh || held === null || held.until < Date.now()) {
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: account.refreshToken });
    const given = await ask(TOKENS, body);
    small.set("firebase", { ...account, refreshToken: given.refresh_token });
    hold(given.id_token, given.expires_in);
  }
  return held.token;
}

export function signOut() {
  held = null;
  small.set("firebase", null);
}

function hold(idToken, seconds) {
  held = { token: idToken, until: Date.now() + (Number(seconds) - 60) * 1000 };
}

async function ask(url, body, type = "application/x-www-form-urlencoded") {
  let response;
  try {
    response = await fetch(`${url}?key=${encodeURIComponent(apiKey)}`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
  } catch (error) {
    throw new Offline(error);
  }
  const answer = await response.json();
  if (!response.ok) {
    const code = String(answer.error?.message ?? "").split(" ")[0];
    throw new Error(SAID[code] ?? t("Signing in did not work. Try again."));
  }
  return answer;
}
