/** One visit as it stands at an instant, worked out on the device: phase, run of the dose, readings due, open alarms.
 *  The same fold as core/session.py, over what the server said last and what waits here; held to it by
 *  tests/journeys/test_browser_schedule.py. Moments are milliseconds of the server's clock. */

import { alarms } from "./alarms.js";
import { infusion } from "./infusion.js";
import { emergency } from "./rescue.js";
import { eventsOf } from "./waiting.js";

const MINUTE = 60_000;
const ROWS = { during: "during", peak: "during", after: "after", leaving: "after" };
const KEPT = ["doses", "treatments"];

/** The visit at `at`. `toServer` turns a moment of this device's clock into one of the server's. */
export function stand(state, waiting, at, toServer = (moment) => moment) {
  const dose = state.session.dose && { ...state.session.dose, at: Date.parse(state.session.dose.at) };
  const visit = visitOf(state, waiting, at, dose?.units, toServer);
  const run = dose ? infusion(dose, visit) : null;
  const clocks = clocksOf(state.plan, dose, run);
  const phase = phaseOf(visit, run, clocks, at);
  const here = !["expected", "check_in", "gone"].includes(phase);
  return {
    visit,
    dose,
    run,
    phase,
    ...clocks,
    due: state.plan ? due(state.plan, visit, run, phase, clocks) : [],
    alarms: state.plan && here ? alarms(state.plan, factsOfVisit(state, visit), visit, at) : [],
    calls: calls(visit),
    emergency: phase === "gone" ? null : emergency(state.plan, visit),
  };
}

/** The server's events and those that wait, in order of time; of one moment, the server's first. */
function visitOf(state, waiting, at, units, toServer) {
  const known = state.visit.map((event) => ({ ...event, at: Date.parse(event.at) }));
  const local = waiting.flatMap((entry) => eventsOf(entry, units, (moment) => Math.min(toServer(moment), at)));
  return [...known, ...local.map((event) => ({ ...event, local: true }))].sort((a, b) => a.at - b.at);
}

function clocksOf(plan, dose, run) {
  const peakMin = run && plan?.limits[`peak_min.${dose.route}`];
  const peakUntil = run && run.endsAt !== null && peakMin !== undefined && peakMin !== null ? run.endsAt + peakMin * MINUTE : null;
  const from = run && (plan?.stay_from === "dose_end" ? run.endsAt : dose.at);
  const stayMin = plan?.stay_min ?? null;
  return { peakUntil, stayUntil: from !== null && stayMin !== null ? from + stayMin * MINUTE : null };
}

function phaseOf(visit, run, { peakUntil, stayUntil }, at) {
  if (visit.some((event) => event.kind === "left")) return "gone";
  if (!run) {
    if (visit.some((event) => event.kind === "read")) return "before";
    return visit.some((event) => event.kind === "opened") ? "check_in" : "expected";
  }
  if (run.endsAt === null || at < run.endsAt) return "during";
  if (peakUntil !== null && at < peakUntil) return "peak";
  return stayUntil !== null && at >= stayUntil ? "leaving" : "after";
}

/** The readings that the plan asks for next, each with the instant by which, the earliest first. */
function due(plan, visit, run, phase, { peakUntil }) {
  const rows = ROWS[phase];
  const start = run && (rows === "during" ? run.startedAt : peakUntil ?? run.endsAt);
  if (!rows || start === null) return [];
  const moments = (name) => visit.filter((one) => one.name === name && one.at >= start).map((one) => one.at);
  return plan.readings
    .filter((row) => row.phase === rows)
    .flatMap((row) => rowDue(row, row.readings.map(moments), start))
    .sort((a, b) => a.by - b.by);
}

function rowDue(row, taken, start) {
  const by = (moment) => [{ readings: row.readings, by: moment }];
  const last = taken.every((list) => list.length) ? Math.min(...taken.map((list) => Math.max(...list))) : null;
  if (row.at_min.length) {
    // A round meets the set points behind it and the one that it lies nearer to.
    const met = (point, n) => last !== null && last >= start + (((n ? row.at_min[n - 1] : 0) + point) / 2) * MINUTE;
    const open = row.at_min.find((point, n) => !met(point, n));
    return open === undefined ? [] : by(start + open * MINUTE);
  }
  if (last === null) return by(start + (row.every_min ?? 0) * MINUTE);
  return row.every_min === null ? [] : by(last + row.every_min * MINUTE);
}

/** Facts of this visit: the server's series since its first event, and the readings that wait. */
function factsOfVisit(state, visit) {
  const began = visit.length ? visit[0].at : 0;
  const facts = {};
  for (const [name, series] of Object.entries(state.facts)) {
    const list = series.map(([moment, value]) => [Date.parse(moment), value]);
    facts[name] = KEPT.includes(name) ? list : list.filter(([moment]) => moment >= began);
  }
  for (const event of visit) if (event.local && event.kind === "read") (facts[event.name] ??= []).push([event.at, event.value]);
  for (const series of Object.values(facts)) series.sort((a, b) => a[0] - b[0]);
  return facts;
}

/** Calls that nobody has answered, the oldest first. */
function calls(visit) {
  const open = new Map();
  for (const event of visit) {
    if (event.kind === "called" && !open.has(event.call)) open.set(event.call, event);
    if (event.kind === "came") open.delete(event.call);
  }
  return [...open.values()];
}
