// Elements made of text and nothing else: what comes from a server can never become markup.

import { said as told, t } from "./words.js";

/** An element. `on...` attributes are listeners, true and false switch an attribute; children are nodes or text. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Minor units as the shopper's language writes them. */
export function money(minor, currency) {
  if (minor === null || minor === undefined) return "–";
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

const UNITS = { weight: "kg", volume: "l", length: "m" };

/** Thousandths as people say them: 3 pieces, 0.25 kg. */
export function quantity(thousandths, measure) {
  const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 }).format(thousandths / 1000);
  return measure in UNITS ? `${number} ${UNITS[measure]}` : `${number} ×`;
}

export function time(iso) {
  return new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
}

const INTERACTIVE = "button, a, input, select, textarea, details";
const called = (element) => element.getAttribute("aria-label") ?? element.name ?? element.textContent;

/** Draw a part anew while somebody uses it: the focus, what was typed and what was unfolded stay where they are. */
export function redraw(place, ...children) {
  const before = [...place.querySelectorAll(INTERACTIVE)];
  const focused = before.indexOf(document.activeElement);
  const name = focused >= 0 ? called(document.activeElement) : null;
  const open = before.some((each) => each.open);
  const typed = new Map(before.filter((each) => each.matches("input")).map((each) => [each.name, each.value]));
  place.replaceChildren(...children);
  const after = [...place.querySelectorAll(INTERACTIVE)];
  for (const each of after) {
    if (each.matches("details")) each.open = open;
    if (each.matches("input") && typed.has(each.name)) each.value = typed.get(each.name);
  }
  // What had the focus may be gone, a line for instance: then its neighbour has it.
  const next = name === null ? null : (after.find((each) => called(each) === name) ?? after[Math.min(focused, after.length - 1)]);
  next?.focus();
}

/** Says something to everybody, also to those who listen to the page instead of looking at it. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** A problem in a sentence, beside what caused it. */
export function problem(error) {
  return h("p", { class: "problem", role: "alert" }, sentence(error));
}

/** What to tell the shopper about an error. */
export function sentence(error) {
  if (error.name === "Offline") return t("There is no network right now.");
  const text = told(error) || t("Something went wrong.");
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** A form whose button waits for `work`; what goes wrong is said below its fields. */
export function form(attributes, work, ...children) {
  const wrong = h("div");
  const made = h("form", { novalidate: true, ...attributes, onsubmit: submit }, ...children, wrong);
  async function submit(event) {
    event.preventDefault();
    const button = made.querySelector("button:not([type=button])");
    if (button.disabled) return;
    button.disabled = true;
    wrong.replaceChildren();
    try {
      await work(Object.fromEntries(new FormData(made)), made);
    } catch (error) {
      wrong.replaceChildren(problem(error));
    } finally {
      button.disabled = false;
    }
  }
  return made;
}
