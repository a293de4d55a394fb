/**
 * The rule language on the device: the same three outcomes as the core gives, so that alarms run without a network.
 * Held to the core by tests/journeys/test_browser_rules.py on generated rules and facts.
 * A rule is a tree as files write it; facts are {name: [[ISO time, value], ...]}, oldest first.
 */

export const HOLDS = "holds", FAILS = "fails", UNKNOWN = "unknown";

const MINUTE = 60_000;
const SPAN = /^\s*(-?\d+)\s*(min|h|d|w)\s*$/;
const UNITS = { min: 1, h: 60, d: 1440, w: 10080 };

/** What `rule` says at `at` (milliseconds), seeing only what was observed from `since` until then. */
export function judge(rule, facts, at, since = -Infinity) {
  const word = Object.keys(rule).find((key) => key in JUDGES);
  if (word === undefined) throw new Error(`no such rule: ${JSON.stringify(rule)}`);
  return JUDGES[word](rule, facts, at, since);
}

const JUDGES = {
  all: (rule, facts, at, since) => allOf(rule.all.map((one) => judge(one, facts, at, since))),
  any: (rule, facts, at, since) => negate(allOf(rule.any.map((one) => negate(judge(one, facts, at, since))))),
  not: (rule, facts, at, since) => negate(judge(rule.not, facts, at, since)),
  within: (rule, facts, at, since) => judge(rule.rule, facts, at, Math.max(since, at - minutesOf(rule.within) * MINUTE)),
  for_minutes: (rule, facts, at, since) => heldFor(rule.rule, facts, at, rule.for_minutes, since),
  at_most: (rule, facts, at, since) => compare(rule.at_most, facts, at, since, (a, b) => a <= b),
  at_least: (rule, facts, at, since) => compare(rule.at_least, facts, at, since, (a, b) => a >= b),
  is: (rule, facts, at, since) => same(rule.is, facts, at, since),
  fall_at_least: (rule, facts, at, since) => changed(rule.fall_at_least, rule.since, false, facts, at, since, (c, v) => -c >= v),
  fall_percent: (rule, facts, at, since) => changed(rule.fall_percent, rule.since, true, facts, at, since, (c, v) => -c >= v),
  rise_at_most: (rule, facts, at, since) => changed(rule.rise_at_most, rule.since, false, facts, at, since, (c, v) => c <= v),
  rise_at_most_percent: (rule, facts, at, since) =>
    changed(rule.rise_at_most_percent, rule.since, true, facts, at, since, (c, v) => c <= v),
};

/** Every value of a fact observed from `since` until `at`, oldest first, as {at, value}. */
export function seen(facts, name, at, since = -Infinity) {
  return (facts[name] ?? [])
    .map(([moment, value]) => ({ at: typeof moment === "number" ? moment : Date.parse(moment), value }))
    .filter((one) => one.at <= at && one.at >= since);
}

/** Conjunction: one failure decides, else one unknown does. */
export function allOf(truths) {
  if (truths.includes(FAILS)) return FAILS;
  return truths.includes(UNKNOWN) ? UNKNOWN : HOLDS;
}

/** Negation; the unknown stays unknown. */
export function negate(truth) {
  return truth === HOLDS ? FAILS : truth === FAILS ? HOLDS : UNKNOWN;
}

/** The minutes of a span such as "30 min", "24 h" or "7 d"; a day is 1,440 minutes, as the core counts it. */
export function minutesOf(text) {
  const found = SPAN.exec(text);
  if (!found) throw new Error(`no such span: ${text}`);
  return Number(found[1]) * UNITS[found[2]];
}

/** Names of the facts that a rule reads. */
export function factsOf(rule) {
  if (rule.all || rule.any) return (rule.all ?? rule.any).flatMap(factsOf);
  if (rule.not) return factsOf(rule.not);
  if (rule.rule) return factsOf(rule.rule);
  const word = Object.keys(rule).find((key) => key in JUDGES);
  return [rule[word][0]];
}

/** Whether `value` breaks a limit of the rule on the side on which the step looks: up where `by` is above 0, else down. */
export function breaks(rule, { reading, by, value }, negated = false) {
  const up = by > 0, step = { reading, by, value };
  if (rule.all || rule.any) return (rule.all ?? rule.any).some((one) => breaks(one, step, negated));
  if (rule.not) return breaks(rule.not, step, !negated);
  if (rule.rule) return breaks(rule.rule, step, negated);
  const word = Object.keys(rule).find((key) => key in JUDGES), [fact, limit] = rule[word];
  if (fact !== reading || word === "is") return false;
  if (word === "at_least") return negated ? !up && value < limit : up && value >= limit;
  if (word === "at_most") return negated ? up && value > limit : !up && value <= limit;
  return up === negated;
}

function last(list) {
  return list[list.length - 1];
}

function isNumber(value) {
  return typeof value === "number";
}

function truth(yes) {
  return yes ? HOLDS : FAILS;
}

function compare([name, limit], facts, at, since, holds) {
  const latest = last(seen(facts, name, at, since));
  if (latest === undefined || !isNumber(latest.value)) return UNKNOWN;
  return truth(holds(latest.value, limit));
}

function same([name, wanted], facts, at, since) {
  const latest = last(seen(facts, name, at, since));
  return latest === undefined ? UNKNOWN : truth(latest.value === wanted);
}

function changed([name, value], since_what = "baseline", percent, facts, at, since, holds) {
  const change = changeOf(facts, name, since_what, percent, at, since);
  return change === null ? UNKNOWN : truth(holds(change, value));
}

/** Latest minus reference, or percent of the reference; null where it cannot be told. */
function changeOf(facts, name, since_what, percent, at, since) {
  const values = seen(facts, name, at, since).filter((one) => isNumber(one.value));
  const earlier = reference(facts, values, since_what, at, since);
  if (earlier === undefined || last(values) === earlier) return null;
  const change = last(values).value - earlier.value;
  if (!percent) return change;
  return earlier.value === 0 ? null : (100 * change) / earlier.value;
}

function reference(facts, values, since_what, at, since) {
  if (values.length < 2) return undefined;
  const before = values.slice(0, -1);
  switch (since_what) {
    case "first":
      return values[0];
    case "previous":
      return last(before);
    case "lowest":
      return before.reduce((low, one) => (one.value < low.value ? one : low));
    case "baseline":
      return lastBefore(values, seen(facts, "treatments", at, since)[0]);
    case "dose":
      return lastBefore(values, last(seen(facts, "doses", at, since).filter((one) => one.value)));
    default:
      throw new Error(`no such reference: ${since_what}`);
  }
}

function lastBefore(values, moment) {
  return moment === undefined ? undefined : last(values.filter((one) => one.at <= moment.at));
}

function heldFor(rule, facts, at, minutes, since) {
  const start = at - minutes * MINUTE;
  const moments = new Set(factsOf(rule).flatMap((name) => seen(facts, name, at, since).map((one) => one.at)));
  const recent = [...moments].filter((moment) => moment > start);
  if (recent.length === 0) return UNKNOWN;
  return allOf([start, ...recent].sort((a, b) => a - b).map((moment) => judge(rule, facts, moment, since)));
}
