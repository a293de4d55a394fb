/** Keeps the pages of running sessions, and what they are made of, so that a reload without a network still works.
 *  Network first, always. Only what the server marks as a running session, and static files; emptied at sign-in. */

const CACHE = "unstuck-session-v1", PATIENCE_MS = 5_000, KEEP = "X-Unstuck-Keep";
const PAGE = /^\/session\/[^/]+\/[^/]+\/\d+\/$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin || request.method !== "GET") return;
  if (PAGE.test(url.pathname)) event.respondWith(networkFirst(request, true));
  else if (url.pathname.startsWith("/static/")) event.respondWith(networkFirst(request, false));
});

/** The server's answer; the kept one where the server does not answer, or not in time. A page that is open already and
 *  asks what is new is not answered with what is old. */
async function networkFirst(request, page) {
  const cache = await caches.open(CACHE), renews = page && request.mode !== "navigate";
  const kept = renews ? undefined : await cache.match(request.url);
  const patience = new AbortController(), ends = kept && setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(request, kept ? { signal: patience.signal } : {});
    if (page && answer.status < 500 && answer.headers.get(KEEP) !== "yes") await cache.delete(request.url);
    else if (answer.ok && !answer.redirected) await store(cache, request.url, answer.clone());
    return answer;
  } catch (wrong) {
    if (kept) return kept;
    throw wrong;
  } finally {
    clearTimeout(ends); // an answer that has come is not cut off
  }
}

/** Keeps an answer; where the device has no room for it nothing is kept, nothing old either, and the answer stands. */
async function store(cache, address, answer) {
  try {
    await cache.put(address, answer);
  } catch (wrong) {
    if (wrong.name !== "QuotaExceededError") throw wrong; // it broke off on its way
    await cache.delete(address);
  }
}
