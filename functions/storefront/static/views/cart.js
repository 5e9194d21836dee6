// The cart: lines, prices as they change, coupons and the brand card, and the way to pay.

import { Offline } from "../lib/api.js";
import { hear } from "../lib/bus.js";
import * as basket from "../lib/cart.js";
import { form, h, money, problem, quantity, redraw, say } from "../lib/dom.js";
import { begin } from "../lib/checkout.js";
import { scanner } from "../lib/scanner.js";
import { visit } from "../lib/visit.js";
import { said, t } from "../lib/words.js";

export const title = t("Cart");

export async function show(root, { go }) {
  const goods = h("div");
  const till = h("div");
  const wrong = h("div");
  const attempt = async (work) => {
    wrong.replaceChildren();
    try {
      await work();
    } catch (error) {
      wrong.replaceChildren(problem(error));
    }
  };
  const more = extras(attempt);
  root.replaceChildren(h("h1", {}, title), wrong, goods, more.element, till);
  const draw = async () => {
    const waiting = await basket.waiting();
    const cart = basket.cart();
    redraw(goods, ...goodsOf(cart, waiting, attempt));
    more.draw(cart);
    redraw(till, ...(cart && !isEmpty(cart, waiting) ? [payButton(cart, waiting, attempt, go)].flat().filter(Boolean) : []));
  };
  const stop = hear("cart", draw);
  await draw();
  // Not waited for: the page is there, and whoever uses it already keeps the focus.
  attempt(async () => {
    await basket.sync();
    await basket.look().catch((error) => {
      if (!(error instanceof Offline)) throw error;
    });
  });
  return () => {
    stop();
    more.stop();
  };
}

const isEmpty = (cart, waiting) => (cart?.lines.length ?? 0) + waiting.length === 0;

function goodsOf(cart, waiting, attempt) {
  const { currency } = visit()?.store ?? {};
  const lines = (cart?.lines ?? []).map((line) => lineOf(line, cart, attempt));
  const queued = waiting.map((line) => queuedLine(line, currency, attempt));
  if (isEmpty(cart, waiting)) {
    return [h("p", {}, t("There is nothing in it yet.")), h("a", { href: "#/scan", class: "button wide" }, t("Scan something"))];
  }
  return [
    h("ul", { class: "lines", id: "lines" }, lines),
    queued.length > 0 && h("section", {}, h("h2", {}, t("Waiting for the network")), h("ul", { class: "lines", id: "queue" }, queued)),
    cart && totals(cart),
  ].filter(Boolean);
}

function lineOf(line, cart, attempt) {
  const { currency } = cart;
  const set = (amount) => attempt(async () => {
    const now = await (amount > 0 ? basket.change(line.lineId, amount) : basket.remove(line.lineId));
    say(t("To pay: {amount}.", { amount: money(now.total, currency) }));
  });
  const step = line.measure === "each" ? Math.max(1000, line.pack) : 100;
  const steps = !line.fixed && [
    h("button", { type: "button", "aria-label": t("One less of {name}", line), onclick: () => set(line.quantity - step) }, "−"),
    h("button", { type: "button", "aria-label": t("One more of {name}", line), onclick: () => set(line.quantity + step) }, "+"),
  ];
  const take = h("button", { type: "button", class: "quiet", "aria-label": t("Remove {name}", line), onclick: () => set(0) }, t("Remove"));
  return h("li", { class: line.unavailable ? "line unavailable" : "line" },
    h("span", { class: "name" }, line.name),
    h("span", { class: "sum" },
      line.discount > 0 && h("s", {}, h("span", { class: "unseen" }, t("before the discount"), " "), money(line.amount, currency)), " ",
      money(line.payable, currency)),
    h("span", { class: "each" }, `${quantity(line.quantity, line.measure)} `, money(line.unitPrice, currency),
      line.oldPrice && h("span", { class: "changed" }, " ", t("was {price}", { price: money(line.oldPrice.unitPrice, currency) }))),
    line.unavailable && h("p", { class: "problem" }, said(line.unavailable)),
    line.warnings.map((each) => h("p", { class: "hint" }, said(each))),
    h("span", { class: "steps" }, steps, take));
}

function queuedLine(line, currency, attempt) {
  return h("li", { class: "line" },
    h("span", { class: "name" }, line.name),
    h("span", { class: "sum" }, money(line.price, currency)),
    line.refused
      ? [h("p", { class: "problem" }, said(line.refused)),
        h("button", { type: "button", class: "quiet", onclick: () => attempt(() => basket.forget(line)) }, t("All right"))]
      : h("span", { class: "each" }, line.quantity ? `${line.quantity / 1000} ×` : ""));
}

function totals(cart) {
  const rows = [];
  const row = (name, amount, strong) => rows.push(h("div", { class: strong ? "total" : null }, h("dt", {}, name), h("dd", {}, money(amount, cart.currency))));
  if (cart.discount > 0) {
    row(t("Subtotal"), cart.subtotal);
    for (const each of cart.promotions.applied) row(each.name, -each.discount);
  }
  row(t("To pay"), cart.total, true);
  const taxes = cart.taxShares.map((each) => t("{rate} % tax: {amount}", { rate: each.rate, amount: money(each.tax, cart.currency) })).join(", ");
  return h("section", { "aria-label": t("Total") }, h("dl", { class: "totals", id: "totals" }, rows), taxes && h("p", { class: "hint" }, taxes));
}

/** Coupons and the brand card. It stays while the cart around it is drawn anew: a camera may be on, a code half typed. */
function extras(attempt) {
  const codes = h("ul", { class: "plain" });
  const counted = h("div");
  const card = scanner({
    kind: "card", label: t("Brand card"), hint: t("The number on it, or what its code says: brand:number."),
    button: t("Use the card"), start: t("Scan the card"), take: async (code) => {
      await basket.useCard(code);
      card.stop();
      counted.querySelector("button")?.focus();
      say(t("The card counts."));
    },
  });
  const element = h("details", { hidden: true }, h("summary", {}, t("Coupon or brand card")), codes,
    form({ class: "row" }, ({ coupon }) => basket.useCode(coupon.trim()),
      h("label", {}, t("Coupon code"), h("input", { name: "coupon", autocomplete: "off" })), h("button", {}, t("Use"))),
    counted, card.element);
  const draw = (cart) => {
    element.hidden = !cart?.lines.length;
    if (cart === null) return;
    redraw(codes, ...cart.codes.map((each) => codeOf(each, attempt)));
    redraw(counted, ...(cart.card ? [cardOf(cart.card, attempt)] : []));
    card.element.hidden = cart.card !== null;
  };
  return { element, draw, stop: card.stop };
}

const codeOf = (each, attempt) => h("li", {}, `${each.code}: ${each.message ? said({ reason: each.reason, message: each.message }) : t("used")} `,
  h("button", { type: "button", class: "quiet", "aria-label": t("Remove {name}", { name: each.code }), onclick: () => attempt(() => basket.dropCode(each.code)) }, t("Remove")));

const cardOf = (card, attempt) => h("p", {}, t("Card {number} of {brand} counts.", { number: card.maskedNumber ?? "", brand: card.brandId }), " ",
  h("button", { type: "button", class: "quiet", onclick: () => attempt(basket.dropCard) }, t("Take it off")));

function payButton(cart, waiting, attempt, go) {
  if (cart.checkoutId) return h("a", { class: "button wide", href: `#/pay/${cart.checkoutId}` }, t("Go on paying"));
  const held = waiting.length > 0 || cart.lines.length === 0;
  const pay = async (event) => {
    event.target.disabled = true;
    await attempt(async () => go(`pay/${(await begin(cart)).checkoutId}`));
    event.target.disabled = false;
  };
  return [
    held && waiting.length > 0 && h("p", { class: "hint" }, t("You can pay once everything has reached the store.")),
    h("button", { type: "button", class: "wide", disabled: held, onclick: pay }, t("Pay {amount}", { amount: money(cart.total, cart.currency) })),
  ];
}
