/** Parts of the page brought anew from the server, never under a finger and never over something typed. */

const PATIENCE_MS = 20_000;
let running = false, again = false, pressed = false, lifted = false;

/** From a finger's coming down to its click nothing may be swapped: a button that is new when the finger leaves it hears
 *  no click. Without a click, as after a slip, one renewal is left out; the next poll asks again. */
addEventListener("pointerdown", () => { pressed = true; lifted = false; }, true);
addEventListener("pointerup", () => { lifted = true; }, true);
for (const over of ["click", "pointercancel"]) addEventListener(over, () => { pressed = false; }, true);

function underAFinger() {
  const held = pressed;
  pressed = pressed && !lifted;
  return held;
}

function inUse(part) {
  const on = document.activeElement;
  if (on && part.contains(on) && on.matches("input, select, textarea")) return true;
  return [...part.querySelectorAll("input:not([type=hidden]), textarea, select")].some(isTouched);
}

/** What somebody has unfolded, or folded, stays so in the part that is brought. */
function keepOpen(part, next) {
  const words = (one) => one.querySelector("summary")?.textContent, before = new Map([...part.querySelectorAll("details")].map((one) => [words(one), one.open]));
  for (const one of next.querySelectorAll("details")) if (before.has(words(one))) one.open = before.get(words(one));
}

/** Whether somebody has typed, ticked or chosen something here. */
function isTouched(field) {
  if (field.matches("select")) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
  return field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

/** What the page shows: how many events, and which phase. */
export const showsOf = (root) => root.dataset.shows ?? "";

/** Asks for the page again and swaps each part that nobody is using; asked meanwhile, it asks once more after that. */
export async function refresh(place, least) {
  again = running;
  if (running) return;
  running = true;
  try {
    do {
      again = false;
      await bring(place, least);
    } while (again);
  } finally {
    running = false;
  }
}

/** A page of fewer than `least()` events stays away: more has happened while it was on its way. */
async function bring(place, least) {
  const patience = AbortSignal.timeout(PATIENCE_MS), headers = { "X-Unstuck-Poll": "1" };
  const answer = await fetch(place, { credentials: "same-origin", redirect: "error", headers, signal: patience });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const root = document.getElementById("session"), brought = fresh.getElementById("session");
  if (!brought || Number.parseInt(showsOf(brought), 10) < least() || underAFinger()) return;
  const parts = [...document.querySelectorAll("[data-part]")];
  const remade = parts.length !== fresh.querySelectorAll("[data-part]").length;
  if (remade && !parts.some(inUse)) return location.replace(place); // a reload could send a refused form once more
  for (const part of parts) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (next) keepOpen(part, next);
    if (next && !inUse(part) && next.innerHTML !== part.innerHTML) part.replaceChildren(...next.childNodes);
  }
  root.dataset.shows = showsOf(brought);
}
