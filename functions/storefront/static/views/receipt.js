// The receipt, as the store issued it.

import { receipt, file } from "../lib/checkout.js";
import { h, money, problem, quantity } from "../lib/dom.js";
import { t } from "../lib/words.js";

export const title = t("Receipt");

export async function show(root, { parameter: id }) {
  const found = await receipt(id);
  const { currency } = found;
  const wrong = h("div");
  const row = (name, amount, strong) => h("div", { class: strong ? "total" : null }, h("dt", {}, name), h("dd", {}, money(amount, currency)));
  const issued = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", timeZone: found.timeZone });
  const print = async () => {
    try {
      const address = await file(`/v1/checkouts/${id}/receipt.pdf`);
      h("a", { href: address, download: `receipt-${found.number}.pdf` }).click();
    } catch (error) {
      wrong.replaceChildren(problem(error));
    }
  };
  root.replaceChildren(
    h("h1", {}, title),
    h("p", {}, h("strong", {}, found.storeName), found.address.map((line) => [h("br"), line])),
    h("p", { class: "hint" }, t("No. {number}, {when}", { number: found.number, when: issued.format(new Date(found.issuedAt)) })),
    h("ul", { class: "lines" }, found.lines.map((line) => h("li", { class: "line" },
      h("span", { class: "name" }, line.name),
      h("span", { class: "sum" }, money(line.payable, currency)),
      h("span", { class: "each" }, `${quantity(line.quantity, line.measure)} ${money(line.unitPrice, currency)}`)))),
    h("dl", { class: "totals" },
      found.promotions.map((each) => row(each.name, -each.discount)),
      found.shares.map((each) => row(`${each.names.join(", ") || t("Tax")} ${each.rate} %`, each.tax)),
      row(t("Total"), found.total, true),
      found.refunded > 0 && row(t("Refunded"), -found.refunded)),
    found.footer && h("p", { class: "hint" }, found.footer),
    h("button", { type: "button", class: "wide", onclick: print }, t("Download as PDF")), wrong,
    h("p", {}, h("a", { href: `#/pass/${id}` }, t("Back to the exit code"))));
}
