// The app's own files, kept on the phone: it opens without a network. Data never passes through here.

importScripts("shell.js");

const NAME = `shop-${self.SHELL.version}`;
const VENDOR = "vendor";

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

async function fill() {
  const cache = await caches.open(NAME);
  // Past the browser's own cache: all files of one version, or none.
  await cache.addAll(self.SHELL.files.map((file) => new Request(file, { cache: "reload" })));
}

self.addEventListener("activate", (event) => {
  event.waitUntil(tidy().then(() => self.clients.claim()));
});

async function tidy() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== NAME && name !== VENDOR).map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.origin === location.origin && url.pathname.startsWith("/shop/") && event.request.method === "GET";
  if (ours) event.respondWith(answer(event.request, url));
});

async function answer(request, url) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(request.mode === "navigate" ? "./" : request, { ignoreSearch: true });
  if (kept) return kept;
  if (!url.pathname.startsWith("/shop/vendor/")) return fetch(request);
  const vendor = await caches.open(VENDOR);
  const before = await vendor.match(request);
  if (before) return before;
  const response = await fetch(request);
  if (response.ok) await vendor.put(request, response.clone());
  return response;
}
