// Development only: the Stripe on this machine takes no card numbers, only the names of Stripe's test cards.

import { call } from "./api.js";
import { form, h } from "./dom.js";
import { t } from "./words.js";

const CARDS = { pm_card_visa: "A card that works", pm_card_chargeDeclined: "A card that the bank refuses" };

export function mount(place, payment, paid) {
  const options = Object.entries(CARDS).map(([value, name]) => h("option", { value }, name));
  const work = async ({ method }) => {
    const { intentId, clientSecret, publishableKey } = payment;
    await call("POST", "/dev/pay", { as: null, body: { intentId, clientSecret, publishableKey, method }, raw: true });
    await paid();
  };
  place.replaceChildren(form({}, work,
    h("p", { class: "note" }, "Development only: no real card is charged here."),
    h("label", {}, t("Pay with"), h("select", { name: "method" }, options)),
    h("button", { class: "wide" }, t("Pay now"))));
}
