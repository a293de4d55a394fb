/** The session page, local first: what is entered is kept on this device at once, and alarms run here without a network. */

import { lines } from "./banner.js";
import { refresh } from "./fragments.js";
import { countdown, render } from "./next.js";
import { Outbox } from "./outbox.js";
import { due, localAlarms } from "./schedule.js";
import { allowSound, signal, soundAllowed } from "./signal.js";
import { keep, kept } from "./store.js";
import { watch } from "./watch.js";

const POLL_MS = 5_000, TICK_MS = 1_000;
const root = document.getElementById("session");
const says = root ? JSON.parse(document.getElementById("says").textContent) : {};
const place = root ? `/session/${root.dataset.key}/${root.dataset.step}/${root.dataset.occurrence}/` : "";
const now = { state: null, entries: [], offlineSince: null, signedOut: false, offsetS: 0, level: "" };

const waiting = () => now.entries.filter((entry) => entry.status === "waiting");
const refused = () => now.entries.filter((entry) => entry.status === "refused");
const limit = (name) => now.state?.plan?.limits?.[name] ?? Infinity;

async function ask(address, options = {}) {
  try {
    const answer = await fetch(place + address, { credentials: "same-origin", redirect: "manual", ...options });
    now.signedOut = answer.type === "opaqueredirect";
    if (!answer.ok) throw new Error(`${answer.status}`);
    online();
    return answer;
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

const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

async function post(address, body, options = {}) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token(), "X-Unstuck-Poll": address === "watch/" ? "1" : "0" };
  return (await ask(address, { method: "POST", headers, body: JSON.stringify(body), ...options })).json();
}

const outbox = new Outbox(place, {
  post,
  changed: (entries) => {
    now.entries = entries;
    show();
  },
  heard: (answer) => {
    now.offsetS = answer.offset_s;
    pull(true);
  },
});

/** Brings the server's state, and its page where something has happened since. */
async function pull(force = false) {
  const answer = await ask("state/", { headers: { "X-Unstuck-Poll": "1" } }).catch(() => null);
  if (!answer) return;
  const fresh = await answer.json();
  const changed = force || !now.state || fresh.log_length !== now.state.log_length || fresh.session.phase !== now.state.session.phase;
  now.state = fresh;
  await keep(`state ${place}`, fresh);
  if (changed && waiting().length === 0) await refresh(place).catch(() => {});
  show();
}

/** What the device itself can tell is next: a limit broken by a reading that waits, or a reading that is late. */
function localAct(at) {
  if (!now.state) return null;
  const [alarm] = localAlarms(now.state, waiting(), at);
  if (alarm) return { level: alarm.urgent ? "now" : "late", what: alarm.action, by: at, life: alarm.life };
  const [first] = due(now.state, waiting(), at);
  return first ? { level: at > first.by ? "late" : "open", what: wordsOf(first.readings), by: first.by, life: false } : null;
}

const wordsOf = (names) => [...new Set(names.map((name) => says.readings[name] ?? name))].join(", ");

/** Redraws what this device says: its condition, the next act, the countdowns; and gives the signal of a new level. */
function show() {
  const at = Date.now();
  const act = localAct(at);
  const alone = now.offlineSince !== null || now.signedOut || waiting().length > 0;
  const served = document.querySelector("#next .next");
  if (act && (alone || (act.level === "late" && !served?.className.includes("next-")))) render(act, at, says);
  countdown(at);
  const level = act?.level === "now" || served?.classList.contains("next-now") ? "now" : act?.level === "late" ? "late" : "";
  if (level && level !== now.level) signal(level, act?.life || document.querySelector("[data-life]") !== null);
  now.level = level;
  const soundNeeded = !soundAllowed() && document.querySelector("[data-life]") !== null;
  const told = { ...now, waiting: waiting(), refused: refused(), limitS: limit("clock_offset_s"), soundNeeded };
  const acts = { send: () => outbox.send(), forget: (id) => outbox.forget(id), allowSound: () => allowSound().then(show) };
  const key = JSON.stringify([now.offlineSince, now.signedOut, waiting().length, refused().map((e) => e.id), Math.round(now.offsetS), soundNeeded]);
  const device = document.getElementById("device");
  if (device.dataset.shown !== key) {
    device.replaceChildren(...lines(told, acts, says));
    device.dataset.shown = key;
  }
}

function fieldsOf(form, submitter) {
  const fields = {};
  for (const [name, value] of new FormData(form, submitter)) if (name !== "csrfmiddlewaretoken") (fields[name] ??= []).push(value);
  return fields;
}

async function entered(event) {
  const form = event.target.closest("form[data-entry]");
  if (!form) return;
  event.preventDefault();
  const fields = fieldsOf(form, event.submitter);
  const hidden = form.elements.namedItem("entry");
  const id = fields.entry[0];
  hidden.value = crypto.randomUUID().replaceAll("-", "");
  await outbox.add(fields, id);
  form.reset();
  if (form.dataset.then) location.assign(form.dataset.then);
}

async function start() {
  document.addEventListener("submit", entered);
  now.state = (await kept(`state ${place}`)) ?? null;
  await outbox.tell();
  outbox.send();
  addEventListener("online", () => outbox.send());
  addEventListener("offline", () => ask("state/").catch(() => {}));
  watch(post, (answer) => {
    now.offsetS = answer.offset_s;
    show();
  });
  setInterval(show, TICK_MS);
  setInterval(pull, POLL_MS);
  await pull();
  await navigator.serviceWorker?.register("/session/worker.js", { scope: "/session/" });
}

if (root) start();
