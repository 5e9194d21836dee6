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

// Bringing a file: its beginning is shown as the import would read it, then the whole of it is sent.
const upload = document.getElementById("upload");
if (upload) {
  const SAMPLE = 1 << 20, MOST_HERE = 31 << 20, MOST = 100 << 20;
  const KINDS = { csv: "text/csv", tsv: "text/tab-separated-values", txt: "text/plain", json: "application/json",
    ndjson: "application/x-ndjson", jsonl: "application/x-ndjson", gz: "application/gzip", zip: "application/zip",
    xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" };
  const at = (id) => document.getElementById(id);
  let file = null;

  const headers = () => ({ "X-CSRF-Token": body.dataset.csrf, "HX-Request": "true",
    "Content-Type": KINDS[file.name.split(".").pop().toLowerCase()] || "application/octet-stream" });

  // Packed files and workbooks cannot be read by their beginning alone.
  function sample() {
    return /\.(csv|tsv|txt|ndjson|jsonl)$/i.test(file.name) ? file.slice(0, Math.min(file.size, SAMPLE)) : file;
  }

  async function preview(mapping) {
    const part = sample();
    if (part.size > SAMPLE) { at("preview").replaceChildren(); return; }
    const query = new URLSearchParams({ profile: at("profile").value, name: file.name, ...mapping });
    const reply = await fetch(`${upload.dataset.preview}?${query}`, { method: "POST", headers: headers(), body: part });
    const text = await reply.text();
    if (reply.headers.get("HX-Redirect")) { location.assign(reply.headers.get("HX-Redirect")); return; }
    // Made by our own templates, which escape what the file says.
    at("preview").innerHTML = text;
    window.htmx.process(at("preview"));
  }

  function choose(chosen) {
    file = chosen || null;
    const small = file && file.size <= MOST;
    at("send").disabled = !small;
    at("preview").replaceChildren();
    if (!file) { at("chosen").textContent = ""; return; }
    at("chosen").textContent = `${file.name} · ${Math.ceil(file.size / 1024)} kB`;
    if (!small) { notice(upload.dataset.tooLarge); return; }
    preview({}).catch(() => notice(body.dataset.failed));
  }

  const fields = () => ({ profile: at("use-profile")?.value || at("profile").value, name: file.name,
    mode: at("up-mode").value, again: at("again").checked ? "1" : "" });

  // What went wrong is on the page already.
  class Told extends Error {}

  // What our answer to a script says: go on to another page, or here is a notice. The text of any other answer.
  function heed(ok, there, text) {
    if (there) {
      location.assign(there);
      return new Promise(() => {});
    }
    if (ok) return text;
    document.getElementById("notices").innerHTML = text;
    throw new Told();
  }

  async function ask(address, form) {
    const own = { ...headers(), "Content-Type": "application/x-www-form-urlencoded" };
    const reply = await fetch(address, { method: "POST", headers: own, body: new URLSearchParams(form) })
      .catch(() => { throw new Error(body.dataset.failed); });
    return heed(reply.ok, reply.headers.get("HX-Redirect"), await reply.text());
  }

  // The file itself; the bar goes along, and the button stops it.
  function pass(method, address, own) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, address);
      for (const [name, value] of Object.entries(own)) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) at("sending").value = (100 * event.loaded) / event.total;
      });
      request.addEventListener("load", () => resolve(request));
      request.addEventListener("error", () => reject(new Error(upload.dataset.lost)));
      request.addEventListener("abort", () => reject(new Error(upload.dataset.stopped)));
      at("stop").onclick = () => request.abort();
      request.send(file);
    });
  }

  async function sendHere() {
    const request = await pass("POST", `${upload.dataset.file}?${new URLSearchParams(fields())}`, headers());
    await heed(request.status < 400, request.getResponseHeader("HX-Redirect"), request.responseText);
  }

  // More than passes through the dashboard: straight into the bucket, by an address that is good for this file alone.
  async function sendThere() {
    const media = headers()["Content-Type"];
    const leave = JSON.parse(await ask(upload.dataset.uploadUrl, { ...fields(), media }));
    try {
      const request = await pass("PUT", leave.url, leave.headers);
      if (request.status >= 300) throw new Error(upload.dataset.refused);
    } catch (error) {
      // Nobody waits for a file that does not come; if this is lost too, the import ends by itself after an hour.
      const own = { ...headers(), "Content-Type": "application/x-www-form-urlencoded" };
      fetch(`${leave.page}/decision`, { method: "POST", headers: own, body: new URLSearchParams({ do: "cancel" }) }).catch(() => {});
      throw error;
    }
    await ask(`${leave.page}/uploaded`, {});
  }

  async function send() {
    const going = (now) => {
      at("sending").hidden = at("stop").hidden = !now;
      at("send").disabled = now;
    };
    document.getElementById("notices").replaceChildren();
    at("sending").value = 0;
    going(true);
    try {
      await (file.size <= MOST_HERE ? sendHere() : sendThere());
    } catch (error) {
      if (!(error instanceof Told)) notice(error.message);
    }
    going(false);
  }

  const drop = at("drop");
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); choose(event.dataTransfer.files[0]); });
  at("file").addEventListener("change", (event) => choose(event.target.files[0]));
  at("profile").addEventListener("change", () => { if (file) choose(file); });
  at("send").addEventListener("click", send);
  at("preview").addEventListener("click", (event) => {
    if (event.target.id !== "map" || !at("own").reportValidity()) return;
    const mapping = { own: at("own").value, base: at("map-base").value };
    for (const select of at("preview").querySelectorAll("select[name^='map.']")) mapping[select.name] = select.value;
    preview(mapping).catch(() => notice(body.dataset.failed));
  });
}

// Of a promotion's form only what its kind needs is shown. Without this script all of it is, and the rest is ignored.
const kind = document.getElementById("type");
if (kind && document.getElementById("promotion")) {
  const show = () => {
    for (const part of document.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind.value);
  };
  kind.addEventListener("change", show);
  show();
}

// Charts are drawn from what the page holds anyway; a table says the same.
for (const place of document.querySelectorAll("[data-chart]")) {
  const { days, values } = JSON.parse(place.dataset.chart);
  const style = getComputedStyle(place), grid = { stroke: style.getPropertyValue("--hair").trim() };
  const axis = { stroke: style.color, grid, ticks: grid };
  const size = () => ({ width: place.clientWidth, height: 260 });
  const line = { label: place.dataset.label, stroke: style.getPropertyValue("--accent").trim(), width: 2, points: { show: true } };
  const seconds = days.map((day) => Date.parse(day.length > 10 ? day : `${day}T00:00Z`) / 1000);
  if (place.dataset.stepped) line.paths = window.uPlot.paths.stepped({ align: 1 });
  const plot = new window.uPlot({ ...size(), tzDate: (at) => window.uPlot.tzDate(new Date(at * 1000), "UTC"),
    series: [{ label: "" }, line], axes: [axis, { ...axis, size: 70 }], legend: { show: false } }, [seconds, values], place);
  window.addEventListener("resize", () => plot.setSize(size()));
}
