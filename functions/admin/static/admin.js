// What the pages do beyond links and forms. Without it everything but uploads, charts and live figures still works.
"use strict";

const body = document.body;

// Every request of a script carries the secret of this session's forms.
body.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = body.dataset.csrf;
});

function notice(text) {
  const place = document.getElementById("notices");
  const box = document.createElement("p");
  box.className = "notice bad";
  box.setAttribute("role", "alert");
  box.textContent = text;
  place.replaceChildren(box);
}

body.addEventListener("htmx:sendError", () => notice(body.dataset.failed));
body.addEventListener("htmx:timeout", () => notice(body.dataset.failed));
// A new answer makes an old complaint out of date.
body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status < 400) document.getElementById("notices").replaceChildren();
});

// Choosing a store is going there; without this script its button does the same.
document.getElementById("store-switch")?.addEventListener("change", (event) => event.target.form.requestSubmit());

// A question before what cannot be undone.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.ask || event.target.dataset.ask;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);
