/** The one thing that the chair needs next, as far as this device can tell: a call, an alarm, then a reading. */

import { timeOfDay } from "./clock.js";

/** The act at `at`, or null where only the server knows what is next. The same order as session/next_act.py. */
export function nextAct(said, at, says, zone) {
  const [call] = said.calls;
  if (call) return { level: "now", kicker: says.levels.now, what: says.calls[call.call], by: call.at, small: says.sinceCall, life: false };
  const alarm = said.alarms.find((one) => one.rule.urgent || one.takenAt === null);
  if (alarm) return alarmAct(alarm, says, zone);
  const [first] = said.due;
  return first ? dueAct(first, at, says, zone) : null;
}

function alarmAct(alarm, says, zone) {
  const { rule } = alarm;
  if (alarm.takenAt === null) {
    const level = rule.urgent ? "now" : "late", kicker = rule.urgent ? says.levels.now : says.look;
    return { level, kicker, what: rule.action, by: alarm.raisedAt, small: says.since.replace("%", timeOfDay(alarm.raisedAt, zone)), life: rule.life };
  }
  const small = alarm.recheckBy === null ? "" : says.due.replace("%", timeOfDay(alarm.recheckBy, zone));
  return { level: "late", kicker: says.alarmTaken, what: says.readAgain, why: rule.action, by: alarm.recheckBy, small, life: false };
}

function dueAct({ readings, by }, at, says, zone) {
  const late = at > by, words = [...new Set(readings.map((name) => says.readings[name] ?? name))].join(", ");
  const small = (late ? says.wasDue : says.due).replace("%", timeOfDay(by, zone));
  return { level: late ? "late" : "open", kicker: late ? says.levels.late : says.levels.open, what: words, by, small, life: false };
}
