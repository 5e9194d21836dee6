// Paying: the payment form, staff who may want to look first, and the wait for the bank.

import { Offline, pause } from "../lib/api.js";
import * as checkout from "../lib/checkout.js";
import { h, money, problem, say, time } from "../lib/dom.js";
import { said as told, t } from "../lib/words.js";

export const title = t("Pay");
const LOOK_MS = 1_000;
const WAITING = {
  open: t("Staff will have a look at your basket: a moment."),
  claimed: t("Staff will have a look at your basket: somebody is on the way."),
};

export async function show(root, { parameter: id, config, go }) {
  let there = true;
  const amount = h("p", { class: "price" });
  const state = h("p", { role: "status" });
  const wrong = h("div");
  const formPlace = h("div");
  const cancel = h("button", { type: "button", class: "quiet", onclick: giveUp }, t("Cancel"));
  root.replaceChildren(h("h1", {}, title), amount, state, wrong, formPlace, cancel);
  let mounted = "";
  let confirmed = false;

  async function giveUp() {
    cancel.disabled = true;
    try {
      await checkout.cancel(id);
      go("cart");
    } catch (error) {
      wrong.replaceChildren(problem(error));
      cancel.disabled = false;
    }
  }

  async function draw(now) {
    amount.textContent = money(now.total, now.currency);
    if (checkout.isPaid(now)) {
      checkout.keepPaid(id);
      say(t("Paid. Here is your pass."));
      return go(`pass/${id}`);
    }
    if (checkout.isOver(now)) {
      state.textContent = now.refusal ? told(now.refusal) : t("This checkout has ended. Nothing was paid.");
      formPlace.replaceChildren(h("a", { class: "button wide", href: "#/cart" }, t("Back to the cart")));
      cancel.hidden = true;
      return;
    }
    const staff = now.interventions.find((each) => each.status in WAITING);
    state.textContent = staff ? WAITING[staff.status] : said(now);
    const payable = now.payment?.clientSecret && ["requires_payment_method", "requires_confirmation", "requires_action"].includes(now.payment.status);
    if (payable && mounted !== now.payment.intentId) {
      mounted = now.payment.intentId;
      const adapter = await import(config.payment === "stripe" ? "../lib/payment-stripe.js" : "../lib/payment-local.js");
      await adapter.mount(formPlace, now.payment, async () => {
        confirmed = true;
        state.textContent = t("The payment is on its way.");
      });
    }
    formPlace.hidden = !payable && mounted !== "";
    wrong.replaceChildren(...(now.payment?.error && payable ? [problem({ message: t("The payment did not go through. Try another card.") })] : []));
  }

  function said(now) {
    if (now.state === "payment_pending" && !confirmed) return t("Please pay until {time}.", { time: time(now.expiresAt) });
    return t("A moment, please.");
  }

  (async () => {
    while (there) {
      try {
        await draw(await checkout.look(id));
      } catch (error) {
        if (!(error instanceof Offline || error.passing)) {
          wrong.replaceChildren(problem(error));
          return;
        }
        state.textContent = t("There is no network right now. Nothing is lost; this page goes on by itself.");
      }
      await pause(LOOK_MS);
    }
  })();
  return () => (there = false);
}
