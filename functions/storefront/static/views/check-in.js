// The entrance: who you are, and the code of the store.

import { h, form, say } from "../lib/dom.js";
import { signedIn, signIn, signOut } from "../lib/identity.js";
import { scanner } from "../lib/scanner.js";
import { checkIn } from "../lib/visit.js";
import { t } from "../lib/words.js";

export const title = t("Check in");

export async function show(root, { config, go, parameter }) {
  let stop = () => {};
  const draw = async () => {
    stop();
    if (!signedIn()) return root.replaceChildren(h("h1", {}, t("Welcome")), signInForm(config, draw));
    const enter = async (code) => {
      await checkIn(code);
      say(t("You are checked in."));
      go("scan");
    };
    const place = scanner({
      kind: "entrance",
      label: t("Or paste the text of the code"),
      hint: t("It is printed below the code at the entrance."),
      button: t("Check in"),
      start: t("Scan the code at the entrance"),
      take: enter,
      multiline: true,
    });
    stop = place.stop;
    const leave = h("button", { type: "button", class: "quiet", onclick: () => (signOut(), draw()) }, t("Sign out"));
    const panel = config.development ? await (await import("./development.js")).storePanel(enter) : null;
    root.replaceChildren(
      h("h1", {}, title),
      h("p", {}, t("Scan the code at the entrance of the store. After that you scan what you take, and pay here.")),
      place.element, panel, h("p", { class: "hint" }, t("Signed in as {name}.", { name: signedIn() }), " ", leave),
    );
    // A camera app may have opened the page with the code of the entrance in its address.
    if (parameter) await enter(parameter).catch(() => {});
  };
  await draw();
  return () => stop();
}

function signInForm(config, done) {
  const work = async (fields) => {
    await signIn(fields);
    await done();
  };
  if (config.development && config.signIn === "local") {
    const name = h("input", { name: "name", autocomplete: "username", required: true, value: "ada" });
    return form({}, work,
      h("p", { class: "note" }, "Development only: on this machine any name signs in, without a password."),
      h("label", {}, t("Your name"), name), h("button", {}, t("Sign in")));
  }
  return form({}, work,
    h("label", {}, t("E-mail"), h("input", { name: "email", type: "email", autocomplete: "username", required: true })),
    h("label", {}, t("Password"),
      h("input", { name: "password", type: "password", autocomplete: "current-password", required: true })),
    h("button", {}, t("Sign in")));
}
