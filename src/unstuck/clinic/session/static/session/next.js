/** The next act and its clock, redrawn on the device while the server cannot be asked. */

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

/** Puts an act that the device worked out in the place of the server's. */
export function render(act, at, says) {
  const card = document.querySelector("#next .next");
  if (!card) return;
  card.classList.toggle("next-now", act.level === "now");
  card.classList.toggle("next-late", act.level === "late");
  card.dataset.local = act.level;
  if (act.level === "now") card.setAttribute("role", "alert");
  card.querySelector(".next-kicker").textContent = says.levels[act.level];
  card.querySelector(".next-what").textContent = act.what;
  card.querySelector(".next-why")?.remove();
  clockOf(card, act, at, says);
}

function clockOf(card, act, at, says) {
  let clock = card.querySelector(".next-clock");
  if (!clock) {
    clock = document.createElement("p");
    clock.className = "next-clock num";
    card.append(clock);
  }
  const time = document.createElement("time"), small = document.createElement("small");
  time.dateTime = new Date(act.by).toISOString();
  time.dataset.countdown = "";
  time.textContent = span(act.by, at);
  small.textContent = says.due.replace("%", new Date(act.by).toTimeString().slice(0, 5));
  clock.replaceChildren(time, small);
}
