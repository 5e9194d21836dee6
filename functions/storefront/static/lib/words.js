// The app's words in the shopper's language. English stands in the code and is the key; the other languages are files in
// `words/`, one sentence a line, that are read once before the first page is drawn.

const LANGUAGES = ["de"];

/** What the browser asks for first, of those there are. */
export const language = navigator.languages
  .map((each) => each.slice(0, 2).toLowerCase())
  .find((each) => each === "en" || LANGUAGES.includes(each)) ?? "en";

const words = language === "en" ? {} : await read(language);

async function read(which) {
  try {
    return await (await fetch(new URL(`../words/${which}.json`, import.meta.url))).json();
  } catch {
    // In English, then: an app without its words would be no app.
    return {};
  }
}

/** A sentence with its values: t("Pay {amount}", { amount }). */
export function t(sentence, values = {}) {
  return (words[sentence] ?? sentence).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** What the API says, in the shopper's language by its stable code; as the API says it where there is no such sentence. */
export const said = ({ code, reason, message }) => words[code ?? reason] ?? message;

/** The words that the page came with: those of elements marked with `data-words`, and of their labels. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-words]")) {
    const label = each.getAttribute("aria-label");
    if (label) each.setAttribute("aria-label", t(label));
    else each.textContent = t(each.textContent);
  }
}
