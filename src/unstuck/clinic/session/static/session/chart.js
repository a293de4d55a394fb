/** Adds to the server's chart what this device knows more: readings that wait, hollow, and the present. */

const SVG = "http://www.w3.org/2000/svg";

/** Draws the readings of `visit` that wait here, and moves the line of now. */
export function showChart(visit, at, zone, timeOfDay) {
  const svg = document.getElementById("chart-svg");
  if (!svg) return;
  const start = Date.parse(svg.dataset.start), end = Date.parse(svg.dataset.end);
  const left = Number(svg.dataset.left), right = Number(svg.dataset.right);
  const x = (moment) => left + Math.min(1, Math.max(0, (moment - start) / (end - start))) * (right - left);
  moveNow(svg, x(at), left, right, timeOfDay(at, zone));
  const local = visit.filter((event) => event.local && event.kind === "read");
  const shown = JSON.stringify(local.map((event) => [event.name, event.value, event.at]));
  if (svg.dataset.shown === shown) return;
  svg.dataset.shown = shown;
  for (const mark of svg.querySelectorAll("[data-local]")) mark.remove();
  for (const event of local) drawn(svg, event, x(event.at));
}

function moveNow(svg, x, left, right, clock) {
  const group = svg.querySelector("[data-now]");
  if (!group) return;
  const tag = Math.min(Math.max(x - 46, 0), right - 40);
  const [line, box, text] = [".nowline", ".nowtag", ".nowtag-t"].map((which) => group.querySelector(which));
  line.setAttribute("d", line.getAttribute("d").replace(/^M[\d.]+/, `M${x.toFixed(1)}`));
  box.setAttribute("x", tag.toFixed(1));
  text.setAttribute("x", (tag + 46).toFixed(1));
  text.textContent = text.textContent.replace(/\d\d:\d\d/, clock);
}

function drawn(svg, { name, value }, x) {
  const panel = [...svg.querySelectorAll("[data-panel]")].find((one) => one.dataset.panel.split(" ").includes(name));
  if (!panel) return;
  const [low, high, top, floor] = ["low", "high", "top", "floor"].map((key) => Number(panel.dataset[key]));
  const share = Math.min(1, Math.max(0, (value - low) / (high - low))), y = floor - share * (floor - top);
  panel.append(mark(name, x, y));
}

function mark(name, x, y) {
  const pressure = { systolic_mmhg: 11, diastolic_mmhg: -11 }[name];
  const made = document.createElementNS(SVG, pressure ? "path" : "circle");
  made.dataset.local = name;
  made.setAttribute("class", `hollow ${pressure ? "h1" : name === "pulse_per_min" ? "h3" : "h4"}`);
  if (pressure) made.setAttribute("d", `M${x - 8} ${y - pressure}h16l-8 ${pressure}z`);
  else for (const [key, number] of Object.entries({ cx: x, cy: y, r: 6 })) made.setAttribute(key, number);
  return made;
}
