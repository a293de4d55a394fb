/** Which readings are due and which limits are broken, worked out on the device from the last state and what waits. */

import { HOLDS, judge, factsOf } from "./rules.js";

const MINUTE = 60_000;
const millis = (text) => (text ? Date.parse(text) : null);

/** Readings on forms that wait, as {name, value, at}. */
export function localReadings(waiting) {
  return waiting
    .filter((entry) => entry.status === "waiting" && entry.fields.kind?.[0] === "readings")
    .flatMap((entry) =>
      Object.entries(entry.fields)
        .filter(([name, [value]]) => /_(mmhg|min|percent|kg)$|^moaas$/.test(name) && value !== "")
        .map(([name, [value]]) => ({ name, value: Number(String(value).replace(",", ".")), at: observedAt(entry) })),
    );
}

/** When a waiting form's observation was made, in milliseconds. */
export function observedAt(entry) {
  const typed = entry.fields.minutes_ago_typed?.[0] || entry.fields.minutes_ago?.[0] || "0";
  return Date.parse(entry.observed_at) - Number(typed) * MINUTE;
}

/** The phase whose rows of the plan count at `at`: during, after, or none. */
export function rowsOf(session, at) {
  if (!session.dose || session.phase === "gone") return null;
  const end = millis(session.ends_at);
  if (end === null || at < end) return "during";
  const peak = millis(session.peak_until);
  return peak !== null && at < peak ? "during" : "after";
}

/** The readings that the plan asks for next, each with the instant by which, the earliest first. */
export function due(state, waiting, at) {
  const rows = state.plan ? rowsOf(state.session, at) : null;
  if (!rows) return [];
  const start = rows === "during" ? millis(state.session.dose.at) : millis(state.session.peak_until) ?? millis(state.session.ends_at);
  const moments = momentsOf(state, waiting);
  return state.plan.readings
    .filter((row) => row.phase === rows)
    .flatMap((row) => rowDue(row, moments, start))
    .sort((a, b) => a.by - b.by);
}

function momentsOf(state, waiting) {
  const moments = {};
  for (const [name, list] of Object.entries(state.taken)) moments[name] = list.map(millis);
  for (const { name, at } of localReadings(waiting)) (moments[name] ??= []).push(at);
  return moments;
}

function rowDue(row, moments, start) {
  const since = row.readings.map((name) => (moments[name] ?? []).filter((moment) => moment >= start));
  if (row.at_min.length) {
    const rounds = Math.min(...since.map((list) => list.length));
    return rounds < row.at_min.length ? [{ readings: row.readings, by: start + row.at_min[rounds] * MINUTE }] : [];
  }
  const all = since.every((list) => list.length);
  if (!all) return [{ readings: row.readings, by: start + (row.every_min ?? 0) * MINUTE }];
  if (row.every_min === null) return [];
  return [{ readings: row.readings, by: Math.min(...since.map((list) => Math.max(...list))) + row.every_min * MINUTE }];
}

/** Facts as the device knows them: the server's series of this visit, and what waits. */
export function factsWith(state, waiting) {
  const began = millis(state.began) ?? 0;
  const facts = {};
  for (const [name, series] of Object.entries(state.facts)) {
    const list = series.map(([moment, value]) => [Date.parse(moment), value]);
    facts[name] = name === "doses" || name === "treatments" ? list : list.filter(([moment]) => moment >= began);
  }
  for (const { name, value, at } of localReadings(waiting)) (facts[name] ??= []).push([at, value]);
  for (const series of Object.values(facts)) series.sort((a, b) => a[0] - b[0]);
  return facts;
}

/** Limits that readings on this device break and that the server has not heard of yet. */
export function localAlarms(state, waiting, at) {
  if (!state.plan) return [];
  const fresh = new Set(localReadings(waiting).map((one) => one.name));
  const facts = factsWith(state, waiting);
  return state.plan.alerts.filter(
    (alert) => factsOf(alert.rule).some((name) => fresh.has(name)) && judge(alert.rule, facts, at) === HOLDS,
  );
}
