// Who the shopper is, as the identity provider says. Two adapters with the same three functions:
//   signIn(fields)   signs in; raises with a sentence when that does not work
//   token(fresh)     an identity token, a new one when `fresh`; null when nobody is signed in
//   signOut()

import { provide } from "./api.js";

const ADAPTERS = { local: "./identity-local.js", firebase: "./identity-firebase.js" };
let adapter = null;

export async function prepare(config) {
  if (!(config.signIn in ADAPTERS)) throw new Error("no sign-in is configured here");
  adapter = await import(ADAPTERS[config.signIn]);
  adapter.configure(config);
  provide("identity", { get: () => adapter.token(false), renewed: () => adapter.token(true) });
}

export const signIn = (fields) => adapter.signIn(fields);
export const signOut = () => adapter.signOut();
export const signedIn = () => adapter.who();
