// Where the app begins: what is configured, which page is shown, and what is said on every page.

import { hear } from "./lib/bus.js";
import * as basket from "./lib/cart.js";
import { paid } from "./lib/checkout.js";
import { h, money, say, sentence, time } from "./lib/dom.js";
import { prepare } from "./lib/identity.js";
import { listen } from "./lib/live.js";
import { keepFresh } from "./lib/snapshot.js";
import { leave, renew, visit } from "./lib/visit.js";
import { t, translatePage } from "./lib/words.js";
import * as cartPage from "./views/cart.js";
import * as checkInPage from "./views/check-in.js";
import * as passPage from "./views/pass.js";
import * as payPage from "./views/pay.js";
import * as receiptPage from "./views/receipt.js";
import * as scanPage from "./views/scan.js";

const PAGES = {
  "check-in": checkInPage, scan: scanPage, cart: cartPage, pay: payPage, receipt: receiptPage, pass: passPage,
};
const EXPIRY_NOTICE_MS = 5 * 60_000;
const AGAIN_MS = 15_000;
const main = document.getElementById("page");
let config;
let close = () => {};
let turn = 0;
let outdated = false;

const go = (where) => {
  if (location.hash === `#/${where}`) show();
  else location.hash = `#/${where}`;
};

/** Show the page that the address names; without a visit there is only the entrance. */
async function show() {
  const [, name = "", parameter = ""] = /^#\/([a-z-]*)\/?(.*)$/.exec(location.hash) ?? [];
  const wanted = name in PAGES ? name : "scan";
  const bought = paid();
  const leaving = bought && ["scan", "cart", "pay"].includes(wanted);
  const chosen = !visit() ? "check-in" : leaving ? "pass" : wanted;
  const page = PAGES[chosen];
  const mine = (turn += 1);
  close();
  close = () => {};
  document.title = `${page.title} – RetailScan`;
  markCurrent(chosen);
  const root = h("div", { class: `page ${chosen}` });
  main.replaceChildren(root);
  try {
    const end = await page.show(root, { config, go, parameter: leaving ? bought : decodeURIComponent(parameter) });
    if (mine !== turn) end?.();
    else close = end ?? close;
  } catch (error) {
    root.replaceChildren(h("h1", {}, page.title), h("p", { class: "problem", role: "alert" }, sentence(error)));
  }
  // Whoever cannot see the page hears which one it is now.
  if (mine === turn) focusHeading(root);
}

function focusHeading(root) {
  const heading = root.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function markCurrent(chosen) {
  for (const link of document.querySelectorAll("#ways a")) {
    if (link.hash === `#/${chosen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.getElementById("ways").hidden = visit() === null || paid() !== null;
  document.getElementById("store").textContent = visit()?.store.name ?? "";
  document.getElementById("leave").hidden = visit() === null || paid() !== null;
}

async function countLines() {
  const pieces = (basket.cart()?.lines.length ?? 0) + (await basket.waiting()).length;
  document.getElementById("count").textContent = pieces ? ` (${pieces})` : "";
}

// ---- the end of a visit --------------------------------------------------------------------------------------

const dialog = document.getElementById("expiring");
let warnAt = null;

function watchExpiry() {
  clearTimeout(warnAt);
  if (!visit()) return dialog.close();
  const left = Date.parse(visit().expiresAt) - Date.now();
  if (left > EXPIRY_NOTICE_MS) {
    dialog.close();
    warnAt = setTimeout(watchExpiry, Math.min(left - EXPIRY_NOTICE_MS, 2 ** 31 - 1));
  } else {
    warn();
    warnAt = setTimeout(ended, left > 0 ? left + 1000 : AGAIN_MS);
  }
}

function warn() {
  document.getElementById("expires-at").textContent = time(visit().expiresAt);
  if (!dialog.open) dialog.showModal();
}

/** The time is over by this phone's clock; the server has the last word. */
async function ended() {
  await basket.look().catch(() => {});
  if (visit()) watchExpiry();
}

document.getElementById("stay").addEventListener("click", async () => {
  dialog.close();
  await renew().then(() => say(t("Your visit goes on.")), (error) => say(sentence(error)));
});
document.getElementById("leave").addEventListener("click", async () => {
  if (confirm(t("Leave the store? Your cart will be emptied."))) await leave().catch((error) => say(sentence(error)));
});

// ---- what happens ---------------------------------------------------------------------------------------------

function listenToAll() {
  hear("visit", (what) => {
    watchExpiry();
    countLines();
    if (what === "over" || what === "left") {
      show();
      announce(what === "over" ? t("Your visit has ended. Check in again to go on.") : t("Goodbye."));
    }
  });
  hear("cart", () => {
    countLines();
    watchExpiry();
  });
  hear("notice", (notice) => {
    if (notice.kind === "session_expiring") return watchExpiry();
    if (!notice.kind.startsWith("cart")) announce(notice.text);
    // What became of the cart is said line by line.
    if (["cart_changed", "card_accepted"].includes(notice.kind)) basket.look().catch(() => {});
  });
  hear("price", ({ name, old, now, currency }) => {
    announce(t("{name} now costs {now}, before {old}.", { name, now: money(now, currency), old: money(old, currency) }));
  });
  hear("network", showNetwork);
}

function announce(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => (toast.hidden = true), 8_000);
}

document.getElementById("toast").addEventListener("click", (event) => (event.currentTarget.hidden = true));

function showNetwork(there) {
  document.getElementById("offline").hidden = there;
}

async function start() {
  translatePage();
  noticeNewer();
  config = await (await fetch("config.json")).json();
  await prepare(config);
  listenToAll();
  addEventListener("hashchange", () => (outdated ? location.reload() : show()));
  listen();
  watchExpiry();
  showNetwork(navigator.onLine);
  await show();
  countLines();
  if (visit()) basket.sync().then(basket.look).catch(() => {});
  keepFresh();
  await keepApp();
}

/** A newer version of the app begins with the next page; what waits is kept on the phone, so nothing is lost by it. */
function noticeNewer() {
  const workers = navigator.serviceWorker;
  // The first worker of all takes over from nobody: these are its files.
  let controlled = Boolean(workers?.controller);
  workers?.addEventListener("controllerchange", () => {
    outdated = controlled;
    controlled = true;
  });
}

async function keepApp() {
  const registration = await navigator.serviceWorker?.register("sw.js");
  if (!registration) return;
  // An installed app stays open for days, and the browser looks for a newer one only when it is opened.
  const look = () => document.visibilityState === "visible" && registration.update().catch(() => {});
  document.addEventListener("visibilitychange", look);
}

start();
