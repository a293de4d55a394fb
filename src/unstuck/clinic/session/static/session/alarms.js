/** The alarms of a visit: a rule that came to hold, and what people did about it, as core/alarms.py folds them.
 *  An alarm stays open until somebody has taken it and a later reading no longer breaks its limit; nothing mutes it. */

import { FAILS, UNKNOWN, breaks, factsOf, judge, seen } from "./rules.js";

const MINUTE = 60_000;

/** Every open alarm at `at`, the most urgent first. `visit` is ordered by time; `facts` are those of this visit. */
export function alarms(plan, facts, visit, at) {
  const found = plan.alerts.map((rule) => latest(plan, rule, facts, visit, at)).filter(Boolean);
  return found.filter((alarm) => alarm.holds || alarm.takenAt === null).sort(byUrgency);
}

/** What nobody has taken before what somebody is on, so that a taken alarm hides no other. */
function byUrgency(one, other) {
  const taken = (one.takenAt !== null) - (other.takenAt !== null);
  return taken || other.rule.life - one.rule.life || other.rule.urgent - one.rule.urgent || one.raisedAt - other.raisedAt;
}

function latest(plan, rule, facts, visit, at) {
  const read = new Set(factsOf(rule.rule));
  let alarm = null;
  for (const event of visit) {
    if (event.kind === "answer" && event.alarm === rule.key && alarm) alarm = answered(plan, alarm, event);
    else if (touches(event, read)) alarm = judged(plan, rule, alarm, facts, event.at);
  }
  return alarm && overdue(alarm, at);
}

function touches(event, read) {
  if (event.kind === "read") return read.has(event.name);
  return event.kind === "rated" && [...read].some((fact) => fact.startsWith(`${event.name}.`));
}

/** A rule that holds raises an alarm, keeps the open one, or rings it anew where a reading got worse since it was taken. */
function judged(plan, rule, alarm, facts, at) {
  const truth = judge(rule.rule, facts, at);
  if (truth === UNKNOWN) return alarm;
  if (truth === FAILS) return alarm && { ...alarm, holds: false };
  const steps = stepsOf(plan, rule, facts, at);
  if (!alarm || (!alarm.holds && alarm.takenAt !== null)) return rung(plan, rule, steps, at, false);
  if (alarm.takenAt === null) return { ...alarm, holds: true, marks: steps.map((step, n) => worst(step, alarm.marks[n])) };
  return isWorse(rule, steps, alarm.marks) ? rung(plan, rule, steps, at, true) : { ...alarm, holds: true };
}

function rung(plan, rule, steps, at, worse) {
  const takeBy = at + (plan.limits.alarm_take_s ?? 0) * 1000, marks = steps.map((step) => step.value);
  return { rule, raisedAt: at, holds: true, takeBy, takenAt: null, takenBy: "", recheckBy: null, worse, marks };
}

/** The plan's steps for this rule, each with the latest value of its reading; null where it is no number. */
function stepsOf(plan, rule, facts, at) {
  const own = (plan.worse ?? []).filter((step) => step.alert === rule.key);
  return own.map((step) => ({ ...step, value: latestNumber(facts, step.reading, at) }));
}

function latestNumber(facts, name, at) {
  const value = seen(facts, name, at).at(-1)?.value;
  return typeof value === "number" ? value : null;
}

function worst({ by, value }, mark) {
  if (mark === null || value === null) return mark ?? value;
  return by > 0 ? Math.max(mark, value) : Math.min(mark, value);
}

/** Whether a reading lies beyond its limit, and by a step further out than when the alarm was taken. */
function isWorse(rule, steps, marks) {
  return steps.some((step, n) => {
    if (step.value === null || !breaks(rule.rule, step)) return false;
    return marks[n] === null || (step.by > 0 ? step.value - marks[n] : marks[n] - step.value) >= Math.abs(step.by);
  });
}

function answered(plan, alarm, { at, answer, by }) {
  const minutes = plan.limits.alarm_recheck_min;
  const recheckBy = minutes === undefined ? null : at + minutes * MINUTE;
  if (answer === "taken") return { ...alarm, takenAt: alarm.takenAt ?? at, takenBy: alarm.takenBy || by, recheckBy };
  if (answer === "acted" || answer === "rechecked") return { ...alarm, recheckBy };
  return alarm;
}

function overdue(alarm, at) {
  const late = alarm.takenAt === null && at > alarm.takeBy;
  const again = alarm.holds && alarm.recheckBy !== null && at > alarm.recheckBy;
  return { ...alarm, unanswered: late || again };
}
