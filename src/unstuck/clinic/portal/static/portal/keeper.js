// Keeps the exercises and what they are made of; the network first, always. Nothing else comes under this scope.
"use strict";

const CACHE = "unstuck-calm-v1", PATIENCE_MS = 4_000;

self.addEventListener("install", (event) =>
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add("/me/calm/")).then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  const ours = url.pathname === "/me/calm/" || url.pathname.startsWith("/static/");
  if (url.origin === location.origin && request.method === "GET" && ours) event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE), kept = await cache.match(request.url);
  try {
    const fresh = await fetch(request, kept ? { signal: AbortSignal.timeout(PATIENCE_MS) } : {});
    if (fresh.ok && !fresh.redirected) await cache.put(request.url, fresh.clone());
    return fresh;
  } catch (wrong) {
    if (kept) return kept;
    throw wrong;
  }
}
