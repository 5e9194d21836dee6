// A place to scan: a button that starts the camera, its picture, and a field to type the code where there is none.

import { KINDS, watch } from "./camera.js";
import { form, h, problem } from "./dom.js";
import { t } from "./words.js";

/** Returns {element, stop}. `take(text)` is called with every code, scanned or typed; it may raise. */
export function scanner({ kind, label, hint, button, start, take, multiline = false }) {
  const video = h("video", { muted: true, playsinline: true, "aria-label": t("What the camera sees") });
  const frame = h("div", { class: "viewfinder", hidden: true }, video);
  const wrong = h("div");
  const toggle = h("button", { type: "button", class: "wide", onclick: switchCamera }, start);
  const field = multiline
    ? h("textarea", { name: "code", rows: "3", required: true, autocomplete: "off", spellcheck: "false" })
    : h("input", { name: "code", required: true, autocomplete: "off", inputmode: kind === "product" ? "numeric" : "text" });
  const typed = form({}, async ({ code }) => {
    if (!code.trim()) throw new Error(t("Type the code first."));
    await take(code.trim());
    field.value = "";
  }, h("label", {}, label, field), hint && h("p", { class: "hint" }, hint), h("button", {}, button));
  let stopCamera = null;

  async function switchCamera() {
    if (stopCamera) return stop();
    wrong.replaceChildren();
    toggle.disabled = true;
    try {
      frame.hidden = false;
      stopCamera = await watch(video, KINDS[kind], seen);
      toggle.textContent = t("Stop the camera");
    } catch (error) {
      frame.hidden = true;
      wrong.replaceChildren(problem(error));
    } finally {
      toggle.disabled = false;
    }
  }

  async function seen(text) {
    wrong.replaceChildren();
    navigator.vibrate?.(60);
    try {
      await take(text);
    } catch (error) {
      wrong.replaceChildren(problem(error));
    }
  }

  function stop() {
    stopCamera?.();
    stopCamera = null;
    frame.hidden = true;
    toggle.textContent = start;
  }

  return { element: h("section", { class: "scanner" }, toggle, frame, wrong, typed), stop };
}
