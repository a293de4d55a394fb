/** Tells the station that somebody can see this page, and says so at once when nobody can any more. */

import { deviceName } from "./outbox.js";

const EVERY_MS = 15_000;

const body = (visible) => ({ device: deviceName(), visible, sent_at: new Date().toISOString() });

/** Starts the heartbeat. `post(address, body)` sends; `heard(answer)` gets the server's time. */
export function watch(post, heard) {
  const beat = () => post("watch/", body(document.visibilityState === "visible")).then(heard, () => {});
  document.addEventListener("visibilitychange", beat);
  addEventListener("pagehide", () => post("watch/", body(false), { keepalive: true }).catch(() => {}));
  setInterval(beat, EVERY_MS);
  beat();
}
