// The way out: a code that opens the gate once.

import { Offline, pause } from "../lib/api.js";
import * as checkout from "../lib/checkout.js";
import { h, problem, time } from "../lib/dom.js";
import { done } from "../lib/visit.js";
import { t } from "../lib/words.js";

export const title = t("Exit");
const LOOK_MS = 3_000;
const FRESH_BEFORE_MS = 7 * 60_000;

export async function show(root, { parameter: id }) {
  let there = true;
  const picture = h("img", { class: "pass", alt: t("Your exit code") });
  const until = h("p", { class: "hint" });
  const place = h("div", {}, h("p", {}, t("Hold it to the reader at the gate.")), picture, until);
  const links = h("p", {}, h("a", { href: `#/receipt/${id}` }, t("Your receipt")));
  root.replaceChildren(h("h1", {}, t("Thank you")), place, links);

  async function draw() {
    let pass = await checkout.pass(id);
    // Half of its time is over: a fresh one, because the way to the gate may be long.
    if (Date.parse(pass.expiresAt) - Date.now() < FRESH_BEFORE_MS) pass = await checkout.freshPass(id);
    if (picture.dataset.text === pass.text) return;
    const before = picture.src;
    picture.src = await checkout.file(`/v1/checkouts/${id}/pass.svg`);
    picture.dataset.text = pass.text;
    if (before) URL.revokeObjectURL(before);
    const about = { time: time(pass.expiresAt), count: pass.items };
    until.textContent = pass.items === 1 ? t("Good until {time}, for one item.", about) : t("Good until {time}, for {count} items.", about);
  }

  (async () => {
    while (there) {
      try {
        const now = await checkout.look(id);
        if (["exited", "closed"].includes(now.state)) {
          place.replaceChildren(h("p", { class: "done", role: "status" }, t("The gate is open. Goodbye!")),
            h("button", { type: "button", class: "wide", onclick: done }, t("Done")));
          return;
        }
        await draw();
      } catch (error) {
        // A pass that is shown is good without a network too. One that was just used: the next look says so.
        if (!(error instanceof Offline || error.passing || error.code === "PASS_USED")) {
          place.replaceChildren(problem(error));
          return;
        }
      }
      await pause(LOOK_MS);
    }
  })();
  return () => (there = false);
}
