/** The session page, local first: what is entered is kept on this device at once, and alarms run here without a network. */

import { nextAct } from "./act.js";
import { lines } from "./banner.js";
import { showChart } from "./chart.js";
import { learnOffset, offsetS, serverNow, timeOfDay, toServer } from "./clock.js";
import { takeForms } from "./forms.js";
import { refresh, showsOf } from "./fragments.js";
import { runState } from "./infusion.js";
import { showAlarms, showPump, showWaiting } from "./local.js";
import { countdown, render } from "./next.js";
import { Outbox } from "./outbox.js";
import { takePads } from "./pad.js";
import { showEmergency } from "./rescue.js";
import { stand } from "./schedule.js";
import { allowSound, signal, soundAllowed } from "./signal.js";
import { forgetKept, keep, keeps, kept } from "./store.js";
import { watch } from "./watch.js";

const POLL_MS = 5_000, TICK_MS = 1_000, PATIENCE_MS = 8_000, AGAIN_MS = { now: 5_000, late: 60_000 };
const root = document.getElementById("session");
const says = root ? JSON.parse(document.getElementById("says").textContent) : {};
const who = root?.dataset.who ?? "";
const place = root ? `/session/${root.dataset.key}/${root.dataset.step}/${root.dataset.occurrence}/` : "";
const now = { state: null, entries: [], others: 0, offlineSince: null, signedOut: false, level: "", rangAt: 0, asked: false, turn: 0, heardTurn: 0 };

const waiting = () => now.entries.filter((entry) => entry.status === "waiting");
const refused = () => now.entries.filter((entry) => entry.status === "refused");
const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

/** What the server answers; without that this page counts as offline, and says since when. A page that something before
 *  the server puts in its place is no answer. */
async function ask(address, options = {}) {
  try {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(place + address, { credentials: "same-origin", redirect: "manual", signal: patience, ...options });
    now.signedOut = answer.type === "opaqueredirect" || answer.status === 403;
    if (!answer.ok) throw Object.assign(new Error(`${answer.status}`), { status: answer.status });
    const told = await answer.json();
    online();
    return told;
  } catch (wrong) {
    if (!now.signedOut) now.offlineSince ??= Date.now();
    show();
    throw wrong;
  }
}

function online() {
  if (now.offlineSince === null) return;
  now.offlineSince = null;
  outbox.send();
  show();
}

async function post(address, body, options = {}) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token(), "X-Unstuck-Poll": address === "watch/" ? "1" : "0" };
  return ask(address, { method: "POST", headers, body: JSON.stringify(body), ...options });
}

function heard(answer) {
  learnOffset(answer.offset_s);
  keep("offset", answer.offset_s);
  show();
}

const outbox = new Outbox(place, who, {
  post,
  changed: (entries, others) => {
    Object.assign(now, { entries, others });
    show();
  },
  heard: (answer) => {
    heard(answer);
    pull(true);
  },
});

/** Brings the server's state, and its page until that shows what has happened since. */
async function pull(force = false) {
  const turn = ++now.turn, fresh = await ask("state/", { headers: { "X-Unstuck-Poll": "1" } }).catch(() => null), before = now.state;
  if (!fresh) return;
  if (turn < now.heardTurn && fresh.log_length < before.log_length) return; // overtaken on its way by one that knows more
  const changed = force || !before || showsOf(root) !== `${fresh.log_length} ${fresh.session.phase}`;
  now.heardTurn = Math.max(turn, now.heardTurn);
  now.state = fresh;
  if (fresh.session.phase === "gone") await forgetKept(`state ${place}`);
  else await keep(`state ${place}`, fresh);
  if (changed && waiting().length === 0) await refresh(place, () => now.state.log_length).catch(() => {});
  show();
}

/** Redraws what this device can tell by itself, and gives the signal of a new level. */
function show() {
  const at = serverNow(), zone = now.state?.zone;
  let act = null;
  if (now.state && now.asked) {
    const said = stand(now.state, waiting(), at, toServer), waits = waiting().length > 0;
    act = said.phase === "gone" ? null : nextAct(said, at, says, zone);
    if (act) render(act, at);
    showAlarms(said, waits, says, zone);
    showPump(said, at, says, zone);
    showEmergency(said, at, says);
    showChart(said.visit, at, zone, timeOfDay);
    setForms(said, at);
  }
  showWaiting(waiting(), says, zone);
  countdown(at);
  ring(act);
  showDevice();
}

/** What forms say of the moment: the phase of a reading, and whether an emergency has a drug to stop. */
function setForms(said, at) {
  const phase = document.querySelector("#reading input[name=phase]"), stops = document.querySelector("input[name=stops]");
  if (phase) phase.value = !said.dose ? "before" : said.phase === "during" ? "during" : "after";
  if (stops) stops.value = said.run?.segments.length && runState(said.run, at) !== "ended" ? "yes" : "no";
}

/** The signal of a level: at once when it is new, then again and again until somebody takes it or the reading is done. */
function ring(act) {
  const life = act?.life || document.querySelector("[data-life]:not([hidden])") !== null;
  const served = document.querySelector("#next .next-now") !== null;
  const level = act?.level === "now" || served ? "now" : act?.level === "late" ? "late" : "";
  if (level && (level !== now.level || Date.now() - now.rangAt >= AGAIN_MS[level])) {
    now.rangAt = Date.now();
    signal(level, life);
  }
  now.level = level;
  document.body.dataset.level = level;
}

function showDevice() {
  const soundNeeded = !soundAllowed() && document.querySelector("[data-life]:not([hidden])") !== null;
  const limitS = now.state?.plan?.limits?.clock_offset_s ?? Infinity;
  const told = { ...now, waiting: waiting(), refused: refused(), offsetS: offsetS(), limitS, soundNeeded, keeps: keeps() };
  const off = Math.abs(offsetS()) > limitS ? Math.round(offsetS()) : 0;
  const key = JSON.stringify([now.offlineSince, now.signedOut, now.others, waiting().length, refused().map((e) => e.id), off, soundNeeded, keeps()]);
  const device = document.getElementById("device");
  if (device.dataset.shown === key) return;
  device.dataset.shown = key;
  const acts = { send: () => outbox.send(), forget: (id) => outbox.forget(id), allowSound: () => allowSound().then(show) };
  device.replaceChildren(...lines(told, acts, says));
}

async function start() {
  takePads();
  takeForms((fields, id) => outbox.add(fields, id), says);
  now.state = (await kept(`state ${place}`)) ?? null;
  learnOffset(await kept("offset"));
  await outbox.tell();
  outbox.send();
  addEventListener("online", () => outbox.send());
  addEventListener("beforeunload", (event) => waiting().length && !keeps() && event.preventDefault());
  addEventListener("offline", () => ask("state/").catch(() => {}));
  watch(post, heard);
  setInterval(show, TICK_MS);
  setInterval(pull, POLL_MS);
  await pull();
  now.asked = true; // until the server has answered, or has not, the page that it sent stands as it is
  show();
  await navigator.serviceWorker?.register("/session/worker.js", { scope: "/session/" });
}

if (root) start();
