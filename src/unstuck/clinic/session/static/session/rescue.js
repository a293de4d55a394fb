/** An emergency as it stands: since when, which of the plan's steps are done, and who came, as core/rescue.py folds it. */

const OVER = "emergency_over";

/** The emergency that goes on in this visit, or null; moments are milliseconds. */
export function emergency(plan, visit) {
  let since = [];
  for (const event of visit) {
    if (event.kind === "measure" && event.measure === OVER) since = [];
    else if (since.length || (event.kind === "called" && event.call === "emergency")) since.push(event);
  }
  if (!since.length) return null;
  const beganAt = since[0].at;
  const doneAt = (key) => since.find((event) => event.kind === "measure" && event.measure === key)?.at ?? null;
  const steps = (plan?.rescue ?? []).map(({ key, within_s: s }) => ({ key, by: beganAt + s * 1000, doneAt: doneAt(key) }));
  const came = since.filter((event) => event.kind === "came" && event.call === "emergency");
  return { beganAt, steps, came: came.map(({ who, at }) => ({ who, at })) };
}

/** Shows it on its card: each step done, late or due by its time since the call, and who came. */
export function showEmergency({ emergency: now }, at, says) {
  const card = document.getElementById("emergency");
  if (!card) return;
  card.hidden = now === null;
  if (now === null) return;
  card.querySelector("time").dateTime = new Date(now.beganAt).toISOString();
  for (const step of now.steps) showStep(card.querySelector(`[data-rescue="${step.key}"]`), step, now.beganAt, at, says);
  showCame(card.querySelector("#came"), card.querySelector("#em-w"), now, says);
}

function showStep(row, { by, doneAt }, beganAt, at, says) {
  if (!row) return;
  const late = doneAt === null && at > by, told = doneAt !== null ? says.rescueDone : late ? says.rescueLate : says.rescueBy;
  const words = told.replace("%", lapse((doneAt ?? by) - beganAt)), time = row.querySelector("[data-time]");
  row.className = doneAt !== null ? "done" : late ? "late" : "";
  row.querySelector("button").disabled = doneAt !== null;
  if (time.textContent !== words) time.textContent = words;
}

function showCame(place, names, now, says) {
  const shown = JSON.stringify(now.came);
  if (!now.came.length || place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  place.replaceChildren(...now.came.map(({ who, at }) => cameLine(names, who, lapse(at - now.beganAt))));
}

function cameLine(names, who, when) {
  const line = document.createElement("span"), time = document.createElement("span");
  line.className = "came";
  time.className = "num";
  time.textContent = when;
  line.append([...names.options].find((one) => one.value === who)?.textContent ?? who, " ", time);
  return line;
}

/** Minutes and seconds, such as "1:05". */
export function lapse(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
