// Production: Stripe's payment element. Its script comes from Stripe and from nowhere else, as Stripe demands, and is loaded
// only when somebody pays. https://docs.stripe.com/payments/payment-element

import { form, h } from "./dom.js";
import { t } from "./words.js";

const SCRIPT = "https://js.stripe.com/v3/";
let loading = null;

function load() {
  loading ??= new Promise((resolve, reject) => {
    const failed = () => {
      loading = null;
      reject(new Error(t("The payment form cannot be loaded right now.")));
    };
    document.head.append(h("script", { src: SCRIPT, onload: resolve, onerror: failed }));
  });
  return loading;
}

export async function mount(place, payment, paid) {
  await load();
  const stripe = globalThis.Stripe(payment.publishableKey);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const elements = stripe.elements({ clientSecret: payment.clientSecret, appearance: { theme: dark ? "night" : "stripe" } });
  const work = async () => {
    const confirmParams = { return_url: location.href };
    const { error } = await stripe.confirmPayment({ elements, confirmParams, redirect: "if_required" });
    if (error) throw new Error(error.message);
    await paid();
  };
  const box = h("div");
  place.replaceChildren(form({}, work, box, h("button", { class: "wide" }, t("Pay now"))));
  elements.create("payment").mount(box);
}
