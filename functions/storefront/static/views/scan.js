// Scan what you take: the camera or a typed code, then the product, then the cart.

import { call, Offline } from "../lib/api.js";
import { add } from "../lib/cart.js";
import { form, h, money, problem, quantity, say } from "../lib/dom.js";
import { productAt } from "../lib/snapshot.js";
import { scanner } from "../lib/scanner.js";
import { visit } from "../lib/visit.js";
import { said, t } from "../lib/words.js";

export const title = t("Scan");
const PIECE = 1000;

export async function show(root) {
  const card = h("div", { id: "product" });
  let latest = 0;
  const take = async (code) => {
    const mine = (latest += 1);
    // The product before is not the answer to this code: whoever taps meanwhile must not put that one into the cart.
    card.replaceChildren();
    const found = await find(code);
    if (mine === latest) card.replaceChildren(productCard(found, code, card));
  };
  const place = scanner({
    kind: "product", label: t("Or type the number below the bars"), button: t("Look it up"),
    start: t("Scan with the camera"), take,
  });
  root.replaceChildren(h("h1", {}, title), place.element, card);
  return place.stop;
}

/** What the code is: asked from the store, or looked up in its catalogue on this phone while there is no network. */
async function find(code) {
  try {
    return await call("POST", "/v1/scan", { body: { code } });
  } catch (error) {
    if (!(error instanceof Offline || error.status >= 500)) throw error;
    return (await productAt(visit().store, code)) ?? unknown(code);
  }
}

/** Not in the catalogue on this phone: it may be a label of the scales. The store says what it is when it can be asked. */
function unknown(code) {
  return {
    offline: true, product: { name: t("Code {code}", { code }), ageRestriction: null }, quantity: PIECE, measure: "each",
    askQuantity: false, price: null, unitPrice: null, currency: visit().store.currency, warnings: [], blocked: null,
  };
}

function productCard(found, code, place) {
  const { product, currency, measure } = found;
  const amount = h("input", {
    name: "amount", type: "number", inputmode: "decimal", required: true,
    min: measure === "each" ? "1" : "0.001", step: measure === "each" ? "1" : "0.001",
    value: found.askQuantity ? "" : String((found.quantity ?? PIECE) / PIECE),
  });
  const fixed = found.label?.quantity != null || found.label?.price != null;
  const work = async (fields) => {
    const thousandths = Math.round(Number(fields.amount ?? 1) * PIECE);
    if (!fixed && !(thousandths > 0)) throw new Error(t("Say how much."));
    const arrived = await add({
      code, quantity: fixed ? undefined : thousandths, name: product.name, price: found.price,
    });
    const { name } = product;
    const done = arrived ? t("{name} is in your cart.", { name }) : t("{name} waits for the network.", { name });
    place.replaceChildren(h("p", { class: "done" }, done, " ", h("a", { href: "#/cart" }, t("See the cart"))));
    say(done);
  };
  const price = found.price ?? found.unitPrice;
  const warnings = found.warnings.map((each) => h("li", {}, said(each)));
  return h("article", { class: "card product" },
    h("h2", {}, product.name),
    h("p", { class: "price" }, price === null ? t("The store will say what it costs.") : money(price, currency),
      measure !== "each" && found.unitPrice != null && h("small", {}, ` ${money(found.unitPrice, currency)} / ${quantity(PIECE, measure)}`)),
    found.offline && h("p", { class: "note" },
      found.asOf ? t("Offline: the price is that of {time}.", { time: found.asOf }) : t("Offline: the store says the price later.")),
    found.stock?.level === "out_of_stock" && h("p", { class: "hint" }, t("The store believes that it is sold out.")),
    product.ageRestriction && h("p", { class: "note" }, t("From {age} years on. Staff will have a look.", { age: product.ageRestriction })),
    warnings.length > 0 && h("ul", { class: "hint" }, warnings),
    found.blocked
      ? h("p", { class: "problem", role: "alert" }, said(found.blocked))
      : form({}, work, !fixed && h("label", {}, measure === "each" ? t("How many") : t("How much ({unit})", { unit: quantity(0, measure).slice(2) }), amount),
          h("button", { class: "wide" }, t("Add to the cart"))));
}
