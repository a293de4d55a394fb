/** A dose as it ran, in shares of the whole: its stretches, its pauses and its end, counted as the core counts them.
 *  Held to core/infusion.py by tests/journeys/test_browser_schedule.py. Moments are milliseconds. */

const MINUTE = 60_000, NEARLY_NOTHING = 1e-11;

/** The run of `dose` ({at, minutes}) under the flows and parts of the visit, oldest first. */
export function infusion(dose, visit) {
  if (!dose.minutes) return atOnce(dose, visit);
  const run = { rate: 1 / dose.minutes, usual: 1 / dose.minutes, since: dose.at, before: 0, segments: [], stopped: false };
  for (const event of visit) if (event.kind === "flow" && event.at >= dose.at) change(run, event);
  if (!run.stopped) run.segments.push({ start: run.since, end: endOf(run), rate: run.rate });
  return { startedAt: dose.at, parts: [], segments: run.segments, stopped: run.stopped, endsAt: run.segments.at(-1).end };
}

function atOnce(dose, visit) {
  const given = visit.filter((event) => event.kind === "part").map(({ at, share }) => ({ at, share }));
  const parts = given.length ? given : [{ at: dose.at, share: 1 }];
  return { startedAt: dose.at, parts, segments: [], stopped: false, endsAt: parts.at(-1).at };
}

/** When the whole is in, at the present rate; null while it is paused. */
function endOf(run) {
  const left = 1 - run.before;
  if (left <= NEARLY_NOTHING) return run.since;
  return run.rate > 0 ? run.since + (left / run.rate) * MINUTE : null;
}

function change(run, { at, flow, share_per_min: rate }) {
  const end = endOf(run);
  if (run.stopped || (end !== null && at >= end)) return;
  run.segments.push({ start: run.since, end: at, rate: run.rate });
  run.before += run.rate * ((at - run.since) / MINUTE);
  run.since = at;
  if (flow === "paused") run.rate = 0;
  else if (flow === "resumed") run.rate = run.usual;
  else if (flow === "rate") run.rate = run.usual = rate ?? 0;
  else if (flow === "stopped") run.stopped = true;
}

/** The share given until `at`, never more than the whole. */
export function givenShare(run, at) {
  const parts = run.parts.filter((part) => part.at <= at).reduce((sum, part) => sum + part.share, 0);
  const flowed = run.segments.reduce((sum, one) => {
    const until = one.end === null ? at : Math.min(at, one.end);
    return sum + one.rate * Math.max(0, (until - one.start) / MINUTE);
  }, 0);
  return Math.min(1, parts + flowed);
}

/** The share per minute that runs at `at`. */
export function rateAt(run, at) {
  return run.segments.find((one) => one.start <= at && (one.end === null || at < one.end))?.rate ?? 0;
}

/** Whether it runs, is paused or has ended at `at`. */
export function runState(run, at) {
  if (run.endsAt !== null && at >= run.endsAt) return "ended";
  return rateAt(run, at) > 0 ? "runs" : "paused";
}
