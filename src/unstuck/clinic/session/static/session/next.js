/** The next act and its clock, redrawn on the device. */

/** Minutes and seconds to or since a moment, such as "2:40". */
export function span(by, at) {
  const seconds = Math.floor(Math.abs(by - at) / 1000);
  return seconds < 7200 ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : `${Math.floor(seconds / 3600)} h`;
}

/** Every countdown of the page, from the moment that its element names. */
export function countdown(at) {
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const text = span(Date.parse(time.dateTime), at);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** Puts an act that the device worked out in the place of the server's; nothing is touched while it stays the same. */
export function render(act, at) {
  const card = document.querySelector("#next .next");
  const shown = JSON.stringify([act.level, act.what, act.why, act.by, act.small]);
  if (!card || card.dataset.shown === shown) return;
  card.dataset.shown = shown;
  card.dataset.local = act.level;
  card.classList.toggle("next-now", act.level === "now");
  card.classList.toggle("next-late", act.level === "late");
  if (act.level === "now") card.setAttribute("role", "alert");
  else card.removeAttribute("role");
  card.querySelector(".next-kicker").textContent = act.kicker;
  card.querySelector(".next-what").textContent = act.what;
  why(card, act.why);
  clock(card, act, at);
}

function why(card, words) {
  card.querySelector(".next-why")?.remove();
  if (!words) return;
  const line = document.createElement("p");
  line.className = "next-why";
  line.textContent = words;
  card.querySelector(".next-what").after(line);
}

function clock(card, act, at) {
  card.querySelector(".next-clock")?.remove();
  if (act.by === null || act.by === undefined) return;
  const box = document.createElement("p"), time = document.createElement("time"), small = document.createElement("small");
  box.className = "next-clock num";
  time.dateTime = new Date(act.by).toISOString();
  time.dataset.countdown = "";
  time.textContent = span(act.by, at);
  small.textContent = act.small;
  box.append(time, small);
  card.append(box);
}
