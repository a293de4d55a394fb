/** Keeps the session pages that were opened, and what they are made of, so that a reload without a network still works.
 *  Network first, always; only pages under /session/ and static files; emptied when somebody signs out. */

const CACHE = "unstuck-session-v1";
const PAGE = /^\/session\/[^/]+\/[^/]+\/\d+\/$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data === "signed-out") event.waitUntil(caches.delete(CACHE));
});

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  const ours = url.origin === location.origin && request.method === "GET";
  if (ours && (PAGE.test(url.pathname) || url.pathname.startsWith("/static/"))) event.respondWith(networkFirst(request));
});

async function networkFirst(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await cache.put(request.url, answer.clone());
    return answer;
  } catch (wrong) {
    const kept = await cache.match(request.url);
    if (kept) return kept;
    throw wrong;
  }
}
