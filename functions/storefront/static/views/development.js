// Development only, never loaded elsewhere: nobody has a poster at hand, so the suite on this machine prints its stores' codes.

import { form, h } from "../lib/dom.js";
import { fetchToken } from "../lib/identity-local.js";
import { small } from "../lib/kept.js";

export async function storePanel(enter) {
  const store = small.get("development.store") ?? "fresko-berlin-mitte";
  const work = async ({ storeId }) => {
    const tenantId = storeId.split("-")[0];
    const { token } = await fetchToken({ role: "brand_manager", tenantId });
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`/v1/stores/${encodeURIComponent(storeId)}/check-in-code`, { headers });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error.message);
    small.set("development.store", storeId);
    await enter(answer.data.code);
  };
  return h("details", { class: "development" },
    h("summary", {}, "Development: enter a store without its poster"),
    form({}, work,
      h("label", {}, "Store", h("input", { name: "storeId", value: store, autocomplete: "off", required: true })),
      h("p", { class: "hint" }, "The demo's stores are in local/catalogue.py; a store's id begins with its tenant's."),
      h("button", {}, "Enter this store")));
}
