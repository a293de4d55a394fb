/** What this device adds to the server's page while it knows more: alarms, lines that wait, the pump. */

import { timeOfDay } from "./clock.js";
import { givenShare, rateAt, runState } from "./infusion.js";
import { observedAt } from "./waiting.js";

const freshId = () => crypto.randomUUID().replaceAll("-", "");

/** Alarms that the server's list lacks or shows otherwise. The server's own cards give way only to entries that wait. */
export function showAlarms(said, waits, says, zone) {
  const box = document.getElementById("alarms-local"), card = document.getElementById("alarm-card");
  if (!box || !card) return;
  const served = [...document.querySelectorAll("[data-alarm]")].filter((one) => !box.contains(one));
  const same = (alarm, one) => one.dataset.alarm === alarm.rule.key && (!waits || (one.dataset.taken === "yes") === (alarm.takenAt !== null));
  const missing = said.alarms.filter((alarm) => !served.some((one) => same(alarm, one)));
  for (const one of served) one.hidden = waits && !said.alarms.some((alarm) => same(alarm, one));
  const shown = JSON.stringify(missing.map((alarm) => [alarm.rule.key, alarm.raisedAt, alarm.takenAt, alarm.unanswered]));
  if (box.dataset.shown === shown) return;
  box.dataset.shown = shown;
  box.replaceChildren(...missing.map((alarm) => alarmCard(card, alarm, says, zone)));
}

function alarmCard(template, alarm, says, zone) {
  const card = template.content.firstElementChild.cloneNode(true), taken = alarm.takenAt !== null;
  card.dataset.alarm = alarm.rule.key;
  card.toggleAttribute("data-life", alarm.rule.life && !taken);
  card.querySelector("[data-words]").textContent = alarm.rule.action;
  card.querySelector("[data-since]").textContent = says.since.replace("%", timeOfDay(alarm.raisedAt, zone));
  card.querySelector("[data-worse]").hidden = !alarm.worse;
  card.querySelector("[data-unanswered]").hidden = !alarm.unanswered;
  for (const part of card.querySelectorAll("[data-level]")) part.hidden = part.dataset.level !== levelOf(alarm);
  for (const part of card.querySelectorAll("[data-while]")) part.hidden = (part.dataset.while === "taken") !== taken;
  for (const input of card.querySelectorAll("input[name=alarm]")) input.value = alarm.rule.key;
  for (const input of card.querySelectorAll("input[name=entry]")) input.value = freshId();
  return card;
}

const levelOf = (alarm) => (alarm.takenAt !== null ? "taken" : alarm.rule.urgent ? "now" : "late");

/** Entries that wait, at the top of the timeline, each marked so. */
export function showWaiting(waiting, says, zone) {
  const list = document.getElementById("timeline");
  if (!list) return;
  const shown = JSON.stringify(waiting.map((entry) => entry.id));
  const there = list.querySelectorAll("[data-waiting]");
  if (there.length === waiting.length && list.dataset.waits === shown) return;
  list.dataset.waits = shown;
  for (const line of there) line.remove();
  for (const entry of waiting) list.prepend(line(entry, says, zone));
}

function line(entry, says, zone) {
  const item = document.createElement("li"), time = document.createElement("time"), text = document.createElement("span");
  const bold = document.createElement("b"), wait = document.createElement("span");
  item.dataset.waiting = "";
  time.className = "num";
  time.textContent = timeOfDay(observedAt(entry), zone);
  bold.textContent = wordsOf(entry, says);
  wait.className = "wait";
  wait.textContent = says.waits;
  text.append(bold, " ", wait);
  item.append(time, document.createElement("span"), text);
  return item;
}

function wordsOf(entry, says) {
  const kind = entry.fields.kind?.[0] ?? "";
  if (kind !== "readings") return says.kinds[entry.fields.flow?.[0]] ?? says.kinds[kind] ?? says.kinds.other;
  const values = Object.entries(entry.fields).filter(([name, [value]]) => name in says.slots && value.trim());
  return values.map(([name, [value]]) => `${says.slots[name][0]} ${value} ${says.slots[name][1]}`).join(", ");
}

/** The pump's figures and the buttons that fit its state, counted from what ran. */
export function showPump(said, at, says, zone) {
  const card = document.getElementById("pump"), { run, dose } = said;
  if (!card || !run || !run.segments.length || !dose.units) return;
  const state = runState(run, at), given = givenShare(run, at);
  put(card, "given", amount(dose, given));
  put(card, "left", amount(dose, 1 - given));
  put(card, "rate", (rateAt(run, at) * 60 * dose.units).toFixed(2));
  put(card, "clock", `T+${Math.floor((at - run.startedAt) / 60_000)}`);
  put(card, "end", run.endsAt === null ? says.notWhilePaused : timeOfDay(run.endsAt, zone));
  for (const part of card.querySelectorAll("[data-state]")) part.hidden = !part.dataset.state.split(" ").includes(state);
}

function put(card, name, text) {
  const [first, second] = Array.isArray(text) ? text : [text];
  const figure = card.querySelector(`[data-pump="${name}"]`), below = card.querySelector(`[data-pump="${name}-below"]`);
  if (figure && figure.textContent !== first) figure.textContent = first;
  if (below && second !== undefined && below.textContent !== second) below.textContent = second;
}

function amount(dose, share) {
  const volume = (share * dose.units).toFixed(2);
  return dose.amount_mg === undefined ? [volume, dose.unit] : [(share * dose.amount_mg).toFixed(1), `mg, ${volume} ${dose.unit}`];
}
